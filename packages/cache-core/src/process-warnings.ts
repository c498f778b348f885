import { timers } from './timers.js'

/** The name of every warning, for `node --disable-warning=VerbatimWarning`. */
const WARNING_TYPE = 'VerbatimWarning'
/** Warnings of one code that the process may emit at once; a thousand caches may lose one Redis. */
const MOST_AT_ONCE = 10
/** After that, one more is permitted in each such period. */
const REFILL_MS = 60_000

interface Budget {
  left: number
  refilledAt: number
  isExhaustionReported: boolean
}

const budgets = new Map<string, Budget>()

/**
 * Emits a warning of the process, unless there were too many of its code lately: 10 at once, then one
 * a minute. The first that is left out is replaced by a remark.
 *
 * @returns whether it was emitted
 */
export function emitWarning(code: string, message: string): boolean {
  const budget = budgetFor(code)
  if (budget.left < 1) {
    if (!budget.isExhaustionReported) {
      budget.isExhaustionReported = true
      emit(
        code,
        'Further warnings of this kind are left out. Pass a logger to the caches to see all.',
      )
    }
    return false
  }
  budget.left--
  emit(code, message)
  return true
}

function budgetFor(code: string): Budget {
  const now = timers.now()
  const budget = budgets.get(code) ?? {
    left: MOST_AT_ONCE,
    refilledAt: now,
    isExhaustionReported: false,
  }
  budgets.set(code, budget)
  const periods = Math.floor((now - budget.refilledAt) / REFILL_MS)
  if (periods > 0) {
    budget.left = Math.min(budget.left + periods, MOST_AT_ONCE)
    budget.refilledAt += periods * REFILL_MS
    if (budget.left === MOST_AT_ONCE) budget.isExhaustionReported = false
  }
  return budget
}

function emit(code: string, message: string): void {
  try {
    process.emitWarning(message, { type: WARNING_TYPE, code })
  } catch {
    // A warning never fails the call that it is about.
  }
}
