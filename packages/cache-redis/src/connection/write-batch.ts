import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'

type Stream = NonNullable<Redis['stream']>

/** The most commands that are sent together. */
const MAX_COMMANDS = 256

/**
 * Sends the commands of one turn of the event loop together. A separate write for each is a system call,
 * which costs more than all other work for a small value.
 */
export class WriteBatch {
  #gathering: Stream | undefined
  #commands = 0

  /** Holds back the commands on this connection until the current turn has run. */
  gather({ stream }: Redis): void {
    if (!stream) return
    // A turn that sends thousands of commands may last longer than the time limit of each.
    if (stream === this.#gathering && ++this.#commands < MAX_COMMANDS) return
    this.#release()
    this.#commands = 0
    stream.cork()
    this.#gathering = stream
    // Runs after the promises of this turn, before anything else.
    timers.nextTick(this.#release)
  }

  readonly #release = (): void => {
    this.#gathering?.uncork()
    this.#gathering = undefined
  }
}
