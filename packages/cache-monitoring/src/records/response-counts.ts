import type { ResponseOutcome, TextSize } from '@verbatim/cache-core'
import { TEXT_SIZES } from '@verbatim/cache-core/implement'
import { copied } from './additional-data.js'

/** Limits of the operations, models, and pairs of both that are counted by name. */
const MOST_OPERATIONS = 100
const MOST_MODELS = 100
const MOST_PAIRS = 500
/** The number of recent lookups and stores whose durations are retained. */
const RECENT = 1_000
/** The name under which the rest is counted. */
const OTHER = 'other'
/** Letters, digits and a few signs, as in `summarize`, `gpt-4.1` and `org/model:tag`; no sentence. */
const NAME = /^[\w.:/@+-]{1,64}$/

export const RESPONSE_OUTCOMES = ['hit', 'miss', 'joined', 'error', 'stored', 'failed'] as const

/** Lookups and stores of AI responses by their outcome. */
export type ResponseOutcomes = Record<ResponseOutcome, number>

/** The operation and the model of a request as labels from bounded sets. */
export interface ResponseLabels {
  /** A name such as `'summarize'`; `'other'` beyond the first hundred, and for any other text. */
  readonly operation: string
  /** A name such as `'gpt-4.1'`, with the same limits; `undefined` where requests name no model. */
  readonly model: string | undefined
}

/** Lookups and stores of the AI responses of one operation and one model. */
export interface ResponseCount extends ResponseLabels {
  readonly outcomes: Readonly<ResponseOutcomes>
}

/** One lookup or store of an AI response. */
export interface ResponseMeasurement {
  readonly operation: string
  /** `undefined` where the cache did not report it. */
  readonly textSize: TextSize | undefined
  readonly outcome: ResponseOutcome
  /** Without the computation of a response. */
  readonly milliseconds: number
}

/** Lookups and stores of AI responses, counted for the application itself. */
export interface ResponseFigures {
  /** By operation, as the application names it; `'other'` beyond the first hundred. */
  readonly byOperation: ReadonlyMap<string, Readonly<ResponseOutcomes>>
  readonly byTextSize: Readonly<Record<TextSize, Readonly<ResponseOutcomes>>>
  /** The newest thousand, oldest first. */
  readonly recent: readonly ResponseMeasurement[]
}

/** Maps names from an application to a bounded number of labels. */
class BoundedNames {
  readonly #limit: number
  readonly #names = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  labelOf(name: unknown): string {
    if (typeof name !== 'string') return OTHER
    if (this.#names.has(name)) return name
    if (this.#names.size >= this.#limit || !NAME.test(name)) return OTHER
    const label = copied(name)
    this.#names.add(label)
    return label
  }
}

/** Maps operations and models to labels. */
export class ResponseNames {
  readonly #operations = new BoundedNames(MOST_OPERATIONS)
  readonly #models = new BoundedNames(MOST_MODELS)
  readonly #pairs = new Map<string, ResponseLabels>()

  labelsOf(operation: unknown, model: unknown): ResponseLabels {
    const labels = {
      operation: this.#operations.labelOf(operation),
      model: model === undefined ? undefined : this.#models.labelOf(model),
    }
    const pair = pairOf(labels)
    const known = this.#pairs.get(pair)
    if (known !== undefined) return known
    if (this.#pairs.size >= MOST_PAIRS) return { operation: OTHER, model: OTHER }
    this.#pairs.set(pair, labels)
    return labels
  }
}

/** Returns one text for two labels; no label contains a space. */
function pairOf({ operation, model = '' }: ResponseLabels): string {
  return `${operation} ${model}`
}

/**
 * Counts lookups and stores of AI responses, in constant time and bounded memory.
 *
 * Exports show labels. The application's own figures show the operations as the application names them.
 */
export class ResponseCounts {
  readonly #names = new ResponseNames()
  readonly #byLabels = new Map<string, ResponseLabels & { readonly outcomes: ResponseOutcomes }>()
  readonly #byOperation = new Map<string, ResponseOutcomes>()
  readonly #byTextSize = noOutcomesBySize()
  readonly #recent: ResponseMeasurement[] = []
  #oldest = 0

  /** Returns false for an operation that is not a string, and for an unknown outcome. */
  count(
    { operation, textSize, outcome, milliseconds }: ResponseMeasurement,
    model: unknown,
  ): boolean {
    if (typeof operation !== 'string' || !isResponseOutcome(outcome)) return false
    this.#countLabels(this.#names.labelsOf(operation, model), outcome)
    const name = this.#countOperation(operation, outcome)
    const size = TEXT_SIZES.find((each) => each === textSize)
    if (size !== undefined) this.#byTextSize[size][outcome]++
    this.#recent[this.#oldest] = { operation: name, textSize: size, outcome, milliseconds }
    this.#oldest = (this.#oldest + 1) % RECENT
    return true
  }

  /** Returns the counts by operation and model. */
  all(): readonly ResponseCount[] {
    return [...this.#byLabels.values()]
  }

  /** Returns a copy of the counts and of the recent lookups and stores. */
  figures(): ResponseFigures {
    const [newer, older] = [this.#recent.slice(0, this.#oldest), this.#recent.slice(this.#oldest)]
    return {
      byOperation: new Map(Array.from(this.#byOperation, ([name, each]) => [name, { ...each }])),
      byTextSize: structuredClone(this.#byTextSize),
      recent: [...older, ...newer],
    }
  }

  #countLabels(labels: ResponseLabels, outcome: ResponseOutcome): void {
    const pair = pairOf(labels)
    const counted = this.#byLabels.get(pair) ?? { ...labels, outcomes: noOutcomes() }
    counted.outcomes[outcome]++
    this.#byLabels.set(pair, counted)
  }

  /** Returns the name under which the operation is counted. */
  #countOperation(operation: string, outcome: ResponseOutcome): string {
    const known = this.#byOperation.get(operation)
    if (known !== undefined) {
      known[outcome]++
      return operation
    }
    const name = this.#byOperation.size < MOST_OPERATIONS ? copied(operation) : OTHER
    const outcomes = this.#byOperation.get(name) ?? noOutcomes()
    outcomes[outcome]++
    this.#byOperation.set(name, outcomes)
    return name
  }
}

export function isResponseOutcome(outcome: unknown): outcome is ResponseOutcome {
  return RESPONSE_OUTCOMES.some((known) => known === outcome)
}

function noOutcomesBySize(): Record<TextSize, ResponseOutcomes> {
  return {
    small: noOutcomes(),
    medium: noOutcomes(),
    large: noOutcomes(),
    xlarge: noOutcomes(),
  }
}

function noOutcomes(): ResponseOutcomes {
  return { hit: 0, miss: 0, joined: 0, error: 0, stored: 0, failed: 0 }
}
