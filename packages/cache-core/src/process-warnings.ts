import { timers } from './timers.js'

/** Name of every warning, for `node --disable-warning=VerbatimWarning`. */
const WARNING_TYPE = 'VerbatimWarning'
/** Maximum burst of warnings with the same text, because a thousand caches may lose one Redis. */
const MOST_OF_ONE_TEXT = 10
/** Maximum burst of warnings with the same code. */
const MOST_OF_ONE_CODE = 100
/** After a burst, one warning is permitted in each period. */
const REFILL_MS = 60_000
/** Maximum number of budgets in memory. */
const MOST_BUDGETS = 1_000

interface Budget {
  left: number
  refilledAt: number
  /** Whether the remark about omitted warnings was emitted. */
  isRemarkEmitted: boolean
}

type Budgets = Map<string, Budget>

const ofTexts: Budgets = new Map()
const ofCodes: Budgets = new Map()

/**
 * Emits a warning of the process, unless there were too many similar ones: 10 with the same text or 100
 * with the same code, then one a minute. A remark replaces the first warning that is omitted.
 *
 * @param name - name of the cache with a colon, or `''`. It does not count as part of the text
 * @returns whether the warning was emitted
 */
export function emitWarning(code: string, message: string, name: string): boolean {
  const isPermitted =
    spend(ofTexts, `${code} ${message}`, MOST_OF_ONE_TEXT, code) &&
    spend(ofCodes, code, MOST_OF_ONE_CODE, code)
  if (isPermitted) emit(code, `${name}${message}`)
  return isPermitted
}

/** Takes one warning from the budget of a topic. Returns whether one was left. */
function spend(budgets: Budgets, topic: string, most: number, code: string): boolean {
  const budget = budgetFor(budgets, topic, most)
  if (budget.left > 0) {
    budget.left--
    return true
  }
  if (!budget.isRemarkEmitted) emit(code, REMARK)
  budget.isRemarkEmitted = true
  return false
}

const REMARK = 'More warnings like these are omitted. Pass a logger to the caches to see all.'

function budgetFor(budgets: Budgets, topic: string, most: number): Budget {
  const now = timers.now()
  const known = budgets.get(topic)
  if (known === undefined) {
    if (budgets.size >= MOST_BUDGETS) budgets.clear()
    const budget = { left: most, refilledAt: now, isRemarkEmitted: false }
    budgets.set(topic, budget)
    return budget
  }
  const periods = Math.floor((now - known.refilledAt) / REFILL_MS)
  if (periods > 0) {
    known.left = Math.min(known.left + periods, most)
    known.refilledAt += periods * REFILL_MS
  }
  return known
}

function emit(code: string, message: string): void {
  try {
    process.emitWarning(message, { type: WARNING_TYPE, code })
  } catch {
    // A warning must not fail the call that it is about.
  }
}
