import type { ResponseOutcome } from '@verbatim/cache-core'
import { BoundedNames, OTHER } from './bounded-names.js'

/** How many operations, models, and pairs of both are told apart; the rest count as `'other'`. */
const MOST_OPERATIONS = 100
const MOST_MODELS = 100
const MOST_PAIRS = 500

export const RESPONSE_OUTCOMES = ['hit', 'miss', 'joined', 'error', 'stored', 'failed'] as const

/** How often look-ups and stores of AI responses ended how, of one operation and one model. */
export interface ResponseCount {
  /** Such as `'summarize'`; `'other'` beyond the first hundred, and for what is no name. */
  readonly operation: string
  /** Such as `'gpt-4.1'`, with the same limits; `undefined` where requests name no model. */
  readonly model: string | undefined
  readonly outcomes: Readonly<Record<ResponseOutcome, number>>
}

type MutableCount = Omit<ResponseCount, 'outcomes'> & { outcomes: Record<ResponseOutcome, number> }

/** The operation and the model of a request as labels from bounded sets. */
export interface ResponseLabels {
  readonly operation: string
  readonly model: string | undefined
}

/** Turns operations and models into labels. */
export class ResponseNames {
  readonly #operations = new BoundedNames(MOST_OPERATIONS)
  readonly #models = new BoundedNames(MOST_MODELS)
  readonly #pairs = new Map<string, ResponseLabels>()

  labelsOf(operation: unknown, model: unknown): ResponseLabels {
    const labels = {
      operation: this.#operations.labelOf(operation),
      model: model === undefined ? undefined : this.#models.labelOf(model),
    }
    // No name holds a space.
    const pair = `${labels.operation} ${labels.model ?? ''}`
    const known = this.#pairs.get(pair)
    if (known !== undefined) return known
    if (this.#pairs.size >= MOST_PAIRS) return { operation: OTHER, model: OTHER }
    this.#pairs.set(pair, labels)
    return labels
  }
}

/** Counts look-ups and stores of AI responses in bounded memory. */
export class ResponseCounts {
  readonly #names = new ResponseNames()
  readonly #counts = new Map<string, MutableCount>()

  /** @returns false for an operation that is no string, and for an outcome that does not exist */
  count(operation: unknown, model: unknown, outcome: ResponseOutcome): boolean {
    if (typeof operation !== 'string' || !isResponseOutcome(outcome)) return false
    const labels = this.#names.labelsOf(operation, model)
    const pair = `${labels.operation} ${labels.model ?? ''}`
    const counted = this.#counts.get(pair) ?? { ...labels, outcomes: noOutcomes() }
    counted.outcomes[outcome]++
    this.#counts.set(pair, counted)
    return true
  }

  all(): readonly ResponseCount[] {
    return [...this.#counts.values()]
  }
}

export function isResponseOutcome(outcome: unknown): outcome is ResponseOutcome {
  return RESPONSE_OUTCOMES.some((known) => known === outcome)
}

function noOutcomes(): Record<ResponseOutcome, number> {
  return { hit: 0, miss: 0, joined: 0, error: 0, stored: 0, failed: 0 }
}
