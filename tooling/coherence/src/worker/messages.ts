import type { Nanoseconds } from '../clock.js'
import type { OperationName, WorkloadOptions } from '../workload/workload.js'

/** What a worker has to know. */
export interface WorkerConfig {
  readonly index: number
  readonly processes: number
  readonly lanes: number
  /** Further lanes, which do nothing but slow loads. */
  readonly slowLanes: number
  readonly seed: number
  /** The origin of the run's clock; text, for a bigint has no JSON. */
  readonly clockOrigin: string
  /** The cache to be tested, as a module to import. */
  readonly cacheModule: string
  readonly redisUrl: string
  readonly truthUrl: string
  readonly memory: boolean
  readonly onBackendError: 'degrade' | 'throw'
  readonly commandTimeoutMs: number
  readonly workload: WorkloadOptions
  /** By key: the last version that a process wrote which was killed, and whose place this one takes. */
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
  | { readonly type: 'trouble'; readonly trouble: Trouble }
  | { readonly type: 'recovered' }
  | { readonly type: 'done'; readonly counts: WorkerCounts }
  | DyingMessage

export interface EventsMessage {
  readonly type: 'events'
  readonly events: Uint8Array
  readonly completeUntil: Nanoseconds
  /** Performed so far. */
  readonly operations: number
}

/** The last that a worker says before it kills itself. */
export interface DyingMessage {
  readonly type: 'dying'
  readonly counts: WorkerCounts
  /** By key: the last version that it wrote. */
  readonly lastVersions: readonly number[]
}

/** What must not happen whatever the faults. */
export interface Trouble {
  /**
   * `unhandled`: a rejection or exception that no call of ours threw; `never settled`: an operation
   * that took longer than the watchdog's patience; `failed`: an operation that threw what it must
   * not; `never came back`: its cache makes do without Redis long after the last fault has ended;
   * `foreign data changed`: another program's; `died`, `did not exit`: the process itself; `harness`: a mistake of this harness.
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
  /** Those of them that began before the process had come to itself again. */
  readonly hitsAfterStalls: number
  readonly misses: number
  /** Reads that were refused because Redis was no use. */
  readonly refused: number
  readonly writesOk: number
  readonly writesIndeterminate: number
  readonly loads: number
  /** Those of them that took long and were on their way to being stored. */
  readonly slowLoads: number
  /** By operation. */
  readonly longestMs: Record<OperationName, number>
}
