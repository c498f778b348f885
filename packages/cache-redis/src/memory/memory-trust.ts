/** Hits that may be answered in one turn of the event loop before it is looked again. */
const HITS_PER_LOOK = 16

/**
 * Which copies in memory may be answered:
 *
 * - `'proven'`: those read from Redis while every change there is heard of; no other;
 * - `'any'`: Redis cannot be used, and an old value is better than none;
 * - `'none'`: Redis can be used, but its changes are not heard of; it has to be asked.
 */
export type Trust = 'proven' | 'any' | 'none'

export interface TrustSources {
  /** Whether Redis can be used. */
  readonly connected: () => boolean
  /** Whether every change was heard of, up to the lease of the link. Reads the clock. */
  readonly proven: () => boolean
}

/**
 * Tells which copies may be answered.
 *
 * Reading the clock takes about half as long as the rest of a hit, so one look counts for some hits,
 * but never beyond its turn of the event loop: a process that was stopped looks anew before it
 * answers anybody it hears of after that.
 */
export class MemoryTrust {
  readonly #sources: TrustSources
  #hitsLeft = 0
  #isTurnWatched = false

  constructor(sources: TrustSources) {
    this.#sources = sources
  }

  /** Must be called whenever a source may say something else than before. */
  changed(): void {
    this.#hitsLeft = 0
  }

  get current(): Trust {
    if (this.#hitsLeft-- > 0) return 'proven'
    if (!this.#sources.connected()) return 'any'
    if (!this.#sources.proven()) return 'none'
    this.#hitsLeft = HITS_PER_LOOK
    if (!this.#isTurnWatched) {
      this.#isTurnWatched = true
      // It must hold up the loop: without that the process sleeps first, and answers whoever wakes it
      // before it comes to this. That lasts one turn, and keeps no process alive any longer.
      setImmediate(this.#endTurn)
    }
    return 'proven'
  }

  readonly #endTurn = (): void => {
    this.#isTurnWatched = false
    this.#hitsLeft = 0
  }
}
