import type { OperationOutcome } from '@verbatim/cache-core'

/** Counts that retention does not touch. */
export interface Totals {
  operations: number
  hits: number
  misses: number
  errors: number
  invalidations: number
  keysInvalidated: number
  rejected: number
}

export function noTotals(): Totals {
  return {
    operations: 0,
    hits: 0,
    misses: 0,
    errors: 0,
    invalidations: 0,
    keysInvalidated: 0,
    rejected: 0,
  }
}

/** Only reads move hits and misses, and only reads that the backend answered. */
export function countOperation(totals: Totals, operation: string, outcome: OperationOutcome): void {
  totals.operations++
  if (outcome === 'error') totals.errors++
  else if (operation === 'get' && outcome === 'hit') totals.hits++
  else if (operation === 'get' && outcome === 'miss') totals.misses++
}

/** hits / (hits + misses), in percent; 0 before the first read. */
export function hitRate(totals: Totals): number {
  const reads = totals.hits + totals.misses
  return reads === 0 ? 0 : (totals.hits / reads) * 100
}
