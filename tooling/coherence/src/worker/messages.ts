import type { Nanoseconds } from '../clock.js'
import type { OperationName, WorkloadOptions } from '../workload/workload.js'

/** Configuration of a worker. */
export interface WorkerConfig {
  readonly index: number
  readonly processes: number
  readonly lanes: number
  /** Number of additional lanes that run only slow loads. */
  readonly slowLanes: number
  readonly seed: number
  /** Origin of the clock of the run. A text, because JSON has no bigint. */
  readonly clockOrigin: string
  /** URL of the module of the tested cache. */
  readonly cacheModule: string
  readonly redisUrl: string
  readonly truthUrl: string
  readonly memory: boolean
  readonly onBackendError: 'degrade' | 'throw'
  readonly commandTimeoutMs: number
  readonly workload: WorkloadOptions
  /** Last version of the killed predecessor, by key. */
  readonly lastVersions: readonly number[]
}

export type ToWorker =
  | { readonly type: 'prepare'; readonly config: WorkerConfig }
  | { readonly type: 'go' }
  | { readonly type: 'recover' }
  | { readonly type: 'stop' }
  | { readonly type: 'die' }

export type FromWorker =
  | { readonly type: 'ready' }
  | EventsMessage
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'recovered' }
  | { readonly type: 'done'; readonly counts: WorkerCounts }
  | DyingMessage

export interface EventsMessage {
  readonly type: 'events'
  readonly events: Uint8Array
  readonly completeUntil: Nanoseconds
  /** Number of operations so far. */
  readonly operations: number
}

/** Last message of a worker before it kills itself. */
export interface DyingMessage {
  readonly type: 'dying'
  readonly counts: WorkerCounts
  /** Last version that the worker wrote, by key. */
  readonly lastVersions: readonly number[]
}

/** A failure that no fault excuses. */
export interface Problem {
  /**
   * Kind of the failure:
   * - `unhandled`: a rejection or exception outside of the calls of this process.
   * - `never settled`: an operation that took longer than the limit of the watchdog.
   * - `failed`: an operation that threw an unexpected error.
   * - `never came back`: the cache does not use Redis long after the last fault.
   * - `foreign data changed`: the cache changed data of another program.
   * - `died`, `did not exit`: the process itself.
   * - `harness`: an error of the coherence run.
   */
  readonly kind:
    | 'unhandled'
    | 'never settled'
    | 'failed'
    | 'never came back'
    | 'foreign data changed'
    | 'died'
    | 'did not exit'
    | 'harness'
  readonly text: string
}

export interface WorkerCounts {
  readonly operations: Record<OperationName, number>
  readonly hits: number
  /** Number of hits that started while the process was stalled. */
  readonly hitsAfterStalls: number
  readonly misses: number
  /** Number of reads that were rejected because Redis was unavailable. */
  readonly refused: number
  readonly writesOk: number
  readonly writesIndeterminate: number
  readonly loads: number
  /** Number of slow loads that were stored or about to be stored. */
  readonly slowLoads: number
  /** Longest duration by operation. */
  readonly longestMs: Record<OperationName, number>
}
