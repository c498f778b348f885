import type { GateOutcome } from './gate.js'
import type { Figure } from './run-report.js'
import type { SubjectReference } from './subject.js'

/** Task of a cell process. */
export interface CellSpecification {
  readonly subject: SubjectReference
  /** Name of a scenario, the correctness gate, or the list of the caches of the module. */
  readonly task: { readonly scenario: string } | 'gate' | 'list'
  readonly seed: number
  readonly budgetMs: number
  readonly redisUrl: string | undefined
  readonly keyPrefix: string
  /** Whether several processes run the cell at the same time. */
  readonly isTogether: boolean
}

/** Result of a cell process. */
export interface CellOutput {
  readonly gate?: GateOutcome
  readonly variants?: readonly SubjectReference[]
  readonly figures?: readonly Figure[]
  readonly referenceNs?: number
  /** Whether the cache lacks a function that the scenario needs. */
  readonly isUnsupported?: true
  readonly error?: string
}

/** Message of a cell process. */
export interface CellMessage {
  readonly output?: CellOutput
  /** Whether the process waits for the others. */
  readonly isReady?: true
}
