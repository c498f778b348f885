import { timers } from '@verbatim/cache-core/implement'

/** Calls that were collected, to be sent together. */
export interface Collection {
  /** Sends what was collected. */
  flush(): void
}

/**
 * Collects calls of the same kind that are made in one turn of the event loop, such as reads, so that they
 * leave as one command.
 *
 * The commands leave in the order of the calls: a call of another kind first sends what was collected. So a
 * read that is not awaited before a delete is not sent after it.
 */
export class Turn {
  #open: Collection | undefined

  /** Opens a collection for a call that is about to be added. Sends what another one has collected. */
  collect(collection: Collection): void {
    if (this.#open === collection) return
    this.flush()
    this.#open = collection
    // Runs after the promises of this turn. Callers that one reply has answered call again in one turn.
    timers.nextTick(this.flush)
  }

  /** Sends what was collected. Call it before any command is sent that is not collected. */
  readonly flush = (): void => {
    const open = this.#open
    this.#open = undefined
    open?.flush()
  }
}
