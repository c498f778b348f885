import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'

type Stream = NonNullable<Redis['stream']>

/** Commands that leave together. */
const MOST_COMMANDS = 256

/**
 * Lets the commands of one turn leave together. Each write of its own is a call to the system, which
 * costs more than all that a cache does for a small value.
 */
export class WriteBatch {
  #gathering: Stream | undefined
  #commands = 0

  /** Holds back what is sent on this connection until all that is ready to run has run. */
  gather({ stream }: Redis): void {
    if (!stream) return
    // A turn that sends thousands of commands may last longer than each of them may take.
    if (stream === this.#gathering && ++this.#commands < MOST_COMMANDS) return
    this.#release()
    this.#commands = 0
    stream.cork()
    this.#gathering = stream
    // After the promises of this turn, before anything else.
    timers.nextTick(this.#release)
  }

  readonly #release = (): void => {
    this.#gathering?.uncork()
    this.#gathering = undefined
  }
}
