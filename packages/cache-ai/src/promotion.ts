import type { AIMetrics } from './metrics/ai-metrics.js'
import type { TextTier } from './metrics/text-tier.js'
import type { StoredResponse } from './stored-response.js'

/** Operations whose answers to longer texts are asked for again and again, too. */
const OPERATIONS: Readonly<Record<TextTier, (operation: string) => boolean>> = {
  small: () => true,
  medium: (operation) => ['sentiment', 'summarize', 'key_points', 'classify'].includes(operation),
  large: (operation) => operation === 'sentiment',
  xlarge: () => false,
}
const POPULAR_HITS = 10
/** What is popular now need not be so later. */
const POPULAR_FOR_MS = 300_000

/**
 * Decides which responses are worth a place in memory, and for how long: those to short texts, and to
 * longer ones where the operation is known for coming back, or has turned out to.
 */
export class PromotionRule {
  readonly #metrics: AIMetrics

  constructor(metrics: AIMetrics) {
    this.#metrics = metrics
  }

  /** In milliseconds; 0 for not at all, `Infinity` for as long as the response lives. */
  longestCopyMs({ operation, textTier }: StoredResponse): number {
    if (OPERATIONS[textTier](operation)) return Number.POSITIVE_INFINITY
    return textTier === 'medium' && this.#isPopular(operation) ? POPULAR_FOR_MS : 0
  }

  #isPopular(operation: string): boolean {
    return (this.#metrics.operations.get(operation)?.hit ?? 0) >= POPULAR_HITS
  }
}
