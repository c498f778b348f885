/** Hits that may be answered in one go before it is looked again. */
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
 * but never for more than what the process was woken for: one that was stopped looks anew before it
 * answers anybody it hears of after that.
 */
export class MemoryTrust {
  readonly #sources: TrustSources
  #hitsLeft = 0
  #isEndAwaited = false

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
    if (!this.#isEndAwaited) {
      this.#isEndAwaited = true
      // Comes once all promises are through, before the process sleeps or looks what its sockets have
      // to tell. An immediate would come after that.
      process.nextTick(this.#end)
    }
    return 'proven'
  }

  readonly #end = (): void => {
    this.#isEndAwaited = false
    this.#hitsLeft = 0
  }
}
