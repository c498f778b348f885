/** What might be done better, and what was measured that says so. */
export interface Recommendation {
  readonly severity: 'info' | 'warning' | 'critical'
  /** What it is about, such as `'high_invalidation_frequency'`. */
  readonly issue: string
  /** Holds the figure that was measured. */
  readonly message: string
  readonly suggestions: readonly string[]
}
