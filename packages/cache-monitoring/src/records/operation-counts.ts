import type { CacheTier, OperationOutcome } from '@verbatim/cache-core'
import { LatencyHistogram } from './latency-histogram.js'

/** What may be done with a cache; nothing else is counted, so that labels in exports are few. */
export const OPERATIONS = [
  'get',
  'set',
  'delete',
  'exists',
  'getOrSet',
  'getMany',
  'setMany',
  'deleteMany',
  'invalidatePattern',
  'invalidateTags',
  'clear',
] as const

export type OperationName = (typeof OPERATIONS)[number]

/** What answered; `'unspecified'` where it was recorded by hand. */
export const TIERS = ['memory', 'redis', 'unspecified'] as const

export type TierName = CacheTier | 'unspecified'

export const OUTCOMES = ['hit', 'miss', 'ok', 'error'] as const

/** One operation by one tier: how it ended, how often, and how long it took where that is known. */
export class OperationCell {
  readonly operation: OperationName
  readonly tier: TierName
  readonly outcomes: Record<OperationOutcome, number> = { hit: 0, miss: 0, ok: 0, error: 0 }
  readonly latencies: LatencyHistogram = new LatencyHistogram()

  constructor(operation: OperationName, tier: TierName) {
    this.operation = operation
    this.tier = tier
  }

  get total(): number {
    const { hit, miss, ok, error } = this.outcomes
    return hit + miss + ok + error
  }

  /** Answers false for an outcome that is none. */
  count(outcome: OperationOutcome): boolean {
    // Not by the name of the property: that takes four times as long.
    switch (outcome) {
      case 'hit':
        this.outcomes.hit++
        return true
      case 'miss':
        this.outcomes.miss++
        return true
      case 'ok':
        this.outcomes.ok++
        return true
      case 'error':
        this.outcomes.error++
        return true
      default:
        return false
    }
  }
}

/** Counts of operations, which retention does not touch. */
export class OperationCounts {
  #cells = noCounts()
  #last: OperationCell | undefined

  /** `undefined` for an operation or a tier that is none. */
  cell(operation: string, tier: string): OperationCell | undefined {
    const last = this.#last
    // Mostly it is the one of last time, and to look it up takes longer than all the rest of a count.
    if (last !== undefined && last.operation === operation && last.tier === tier) return last
    this.#last = this.#cells.get(tier)?.get(operation)
    return this.#last
  }

  clear(): void {
    this.#cells = noCounts()
    this.#last = undefined
  }

  /** All that have counted something. */
  *used(): Iterable<OperationCell> {
    for (const cells of this.#cells.values()) {
      for (const cell of cells.values()) if (cell.total > 0) yield cell
    }
  }
}

function noCounts(): ReadonlyMap<string, ReadonlyMap<string, OperationCell>> {
  return new Map(
    TIERS.map((tier) => [
      tier,
      new Map(OPERATIONS.map((operation) => [operation, new OperationCell(operation, tier)])),
    ]),
  )
}
