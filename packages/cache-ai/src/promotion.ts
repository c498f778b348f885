import type { TextSize, Ttl } from '@verbatim/cache-core'
import { countedName } from './counted-name.js'
import type { KnownOfRequest } from './stored-response.js'

/** Operations whose responses to texts of each size are worth a place in memory. */
const OPERATIONS: Readonly<Record<TextSize, (operation: string) => boolean>> = {
  small: () => true,
  medium: (operation) => ['sentiment', 'summarize', 'key_points', 'classify'].includes(operation),
  large: (operation) => operation === 'sentiment',
  xlarge: () => false,
}
const POPULAR_HITS = 10
/** Popularity fades, so copies of popular responses are read again from Redis after five minutes. */
const POPULAR_TTL: Ttl = '5m'

/**
 * Decides which responses are copied into memory, and for how long: responses to short texts, and to
 * longer texts of operations that are known to be requested again, or have been.
 */
export class PromotionRule {
  readonly #hits = new Map<string, number>()

  /** Counts a hit. Operations beyond the first hundred are never popular. */
  countHit(operation: string): void {
    const name = countedName(operation, this.#hits)
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1)
  }

  /** Returns the memory TTL of a response: 0 for no copy, `undefined` for the default of the cache. */
  memoryTtl({ operation, textTier }: KnownOfRequest): Ttl | undefined {
    if (OPERATIONS[textTier](operation)) return undefined
    return textTier === 'medium' && this.#isPopular(operation) ? POPULAR_TTL : 0
  }

  #isPopular(operation: string): boolean {
    return (this.#hits.get(operation) ?? 0) >= POPULAR_HITS
  }
}
