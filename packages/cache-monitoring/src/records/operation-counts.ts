import type { CacheTier, OperationOutcome } from '@verbatim/cache-core'
import { LatencyHistogram } from './latency-histogram.js'

/** The operations that a monitor counts. The list is closed, so that labels in exports stay few. */
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

/** `'unspecified'` is the tier of operations that an application recorded. */
export const TIERS = ['memory', 'redis', 'unspecified'] as const

export type TierName = CacheTier | 'unspecified'

export const OUTCOMES = ['hit', 'miss', 'ok', 'error'] as const

/** Counts and latencies of one operation in one tier. */
export class OperationCell {
  readonly operation: OperationName
  readonly tier: TierName
  readonly outcomes: Record<OperationOutcome, number> = { hit: 0, miss: 0, ok: 0, error: 0 }
  /** Latencies of the operations that were timed. */
  readonly latencies: LatencyHistogram = new LatencyHistogram()

  constructor(operation: OperationName, tier: TierName) {
    this.operation = operation
    this.tier = tier
  }

  get total(): number {
    const { hit, miss, ok, error } = this.outcomes
    return hit + miss + ok + error
  }

  /** Returns false for an unknown outcome. */
  count(outcome: OperationOutcome): boolean {
    // A switch takes a quarter of the time of a lookup by property name.
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

/** Counts of operations since the last reset. Retention does not change them. */
export class OperationCounts {
  #cells = emptyCells()
  #last: OperationCell | undefined

  /** Returns the cell to count in; `undefined` for an unknown operation or tier. */
  cell(operation: string, tier: string): OperationCell | undefined {
    const last = this.#last
    // Most operations repeat the last one, and the lookup takes longer than the rest of a count.
    if (last !== undefined && last.operation === operation && last.tier === tier) return last
    this.#last = this.#cells.get(tier)?.get(operation)
    return this.#last
  }

  clear(): void {
    this.#cells = emptyCells()
    this.#last = undefined
  }

  /** Yields the cells that have counted at least one operation. */
  *used(): Iterable<OperationCell> {
    for (const cells of this.#cells.values()) {
      for (const cell of cells.values()) if (cell.total > 0) yield cell
    }
  }
}

function emptyCells(): ReadonlyMap<string, ReadonlyMap<string, OperationCell>> {
  return new Map(
    TIERS.map((tier) => [
      tier,
      new Map(OPERATIONS.map((operation) => [operation, new OperationCell(operation, tier)])),
    ]),
  )
}

/** Sums of {@link OperationCounts}. */
export interface OperationTotals {
  readonly operations: number
  readonly hits: number
  readonly misses: number
  readonly errors: number
}

/** Adds up all cells. Only a read that the backend answered is a hit or a miss. */
export function totalsOf(counts: OperationCounts): OperationTotals {
  const totals = { operations: 0, hits: 0, misses: 0, errors: 0 }
  for (const { operation, outcomes, total } of counts.used()) {
    totals.operations += total
    totals.errors += outcomes.error
    if (operation !== 'get') continue
    totals.hits += outcomes.hit
    totals.misses += outcomes.miss
  }
  return totals
}

/** Returns the counts between two readings. */
export function totalsSince(later: OperationTotals, earlier: OperationTotals): OperationTotals {
  return {
    operations: later.operations - earlier.operations,
    hits: later.hits - earlier.hits,
    misses: later.misses - earlier.misses,
    errors: later.errors - earlier.errors,
  }
}
