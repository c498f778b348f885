import type { OperationCounts } from './operation-counts.js'

/** Counts of operations since the monitor was made or last reset; retention does not touch them. */
export interface OperationTotals {
  readonly operations: number
  readonly hits: number
  readonly misses: number
  readonly errors: number
}

/** Only reads move hits and misses, and only reads that the backend answered. */
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

/** hits / (hits + misses), in percent; `undefined` before the first read. */
export function hitRate({
  hits,
  misses,
}: Pick<OperationTotals, 'hits' | 'misses'>): number | undefined {
  const reads = hits + misses
  return reads === 0 ? undefined : (hits / reads) * 100
}

/** What was counted between two readings. */
export function totalsSince(later: OperationTotals, earlier: OperationTotals): OperationTotals {
  return {
    operations: later.operations - earlier.operations,
    hits: later.hits - earlier.hits,
    misses: later.misses - earlier.misses,
    errors: later.errors - earlier.errors,
  }
}
