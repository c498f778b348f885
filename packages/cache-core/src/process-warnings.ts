import { timers } from './timers.js'

/** The name of every warning, for `node --disable-warning=VerbatimWarning`. */
const WARNING_TYPE = 'VerbatimWarning'
/** Warnings with one text that the process may emit at once; a thousand caches may lose one Redis. */
const MOST_OF_ONE_TEXT = 10
/** The same for all warnings with one code. */
const MOST_OF_ONE_CODE = 100
/** After that, one more is permitted in each such period. */
const REFILL_MS = 60_000
/** Texts that are remembered. */
const MOST_BUDGETS = 1_000

interface Budget {
  left: number
  refilledAt: number
  /** Whether a remark has replaced a warning that was left out. */
  isRemarked: boolean
}

type Budgets = Map<string, Budget>

const ofTexts: Budgets = new Map()
const ofCodes: Budgets = new Map()

/**
 * Emits a warning of the process, unless there were too many like it lately: 10 with the same text or 100
 * with the same code, then one a minute. A remark stands for the first that is left out.
 *
 * @param name - of the cache with a colon after it, or `''`. It does not count as part of the text
 * @returns whether the warning was emitted
 */
export function emitWarning(code: string, message: string, name: string): boolean {
  const isPermitted =
    spend(ofTexts, `${code} ${message}`, MOST_OF_ONE_TEXT, code) &&
    spend(ofCodes, code, MOST_OF_ONE_CODE, code)
  if (isPermitted) emit(code, `${name}${message}`)
  return isPermitted
}

/** Returns whether there was something left to spend. */
function spend(budgets: Budgets, topic: string, most: number, code: string): boolean {
  const budget = budgetFor(budgets, topic, most)
  if (budget.left > 0) {
    budget.left--
    return true
  }
  if (!budget.isRemarked) emit(code, REMARK)
  budget.isRemarked = true
  return false
}

const REMARK = 'More warnings like these are left out. Pass a logger to the caches to see all.'

function budgetFor(budgets: Budgets, topic: string, most: number): Budget {
  const now = timers.now()
  const known = budgets.get(topic)
  if (known === undefined) {
    if (budgets.size >= MOST_BUDGETS) budgets.clear()
    const budget = { left: most, refilledAt: now, isRemarked: false }
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
    // A warning never fails the call that it is about.
  }
}
