import type { ResponseOutcome, TextSize } from '@verbatim/cache-core'
import { isTextSize } from '@verbatim/cache-core/implement'
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
  #last: ResponseCell | undefined

  /** Returns false for an operation that is not a string, and for an unknown outcome. */
  count(
    { operation, textSize, outcome, milliseconds }: ResponseMeasurement,
    model: unknown,
  ): boolean {
    if (typeof operation !== 'string' || !isResponseOutcome(outcome)) return false
    const { name, ofLabels, ofOperation } = this.#cellOf(operation, model)
    ofLabels[outcome]++
    ofOperation[outcome]++
    const size = isTextSize(textSize) ? textSize : undefined
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

  /** Returns the counts of an operation and a model. */
  #cellOf(operation: string, model: unknown): ResponseCell {
    const last = this.#last
    // Most lookups repeat the last one, and this search takes longer than the rest of a count.
    if (last !== undefined && last.operation === operation && last.model === model) return last
    const ofLabels = this.#outcomesOf(this.#names.labelsOf(operation, model))
    const isKnown = this.#byOperation.has(operation)
    const isCounted = isKnown || this.#byOperation.size < MOST_OPERATIONS
    const name = isKnown ? operation : isCounted ? copied(operation) : OTHER
    const ofOperation = this.#byOperation.get(name) ?? noOutcomes()
    this.#byOperation.set(name, ofOperation)
    this.#last = { operation, model, name, ofLabels, ofOperation }
    return this.#last
  }

  #outcomesOf(labels: ResponseLabels): ResponseOutcomes {
    const pair = pairOf(labels)
    const counted = this.#byLabels.get(pair) ?? { ...labels, outcomes: noOutcomes() }
    this.#byLabels.set(pair, counted)
    return counted.outcomes
  }
}

/** The counts of one operation and one model. */
interface ResponseCell {
  readonly operation: string
  readonly model: unknown
  /** The name under which the operation is counted. */
  readonly name: string
  readonly ofLabels: ResponseOutcomes
  readonly ofOperation: ResponseOutcomes
}

export function isResponseOutcome(outcome: unknown): outcome is ResponseOutcome {
  return (RESPONSE_OUTCOMES as readonly unknown[]).includes(outcome)
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
