/** Options of a run. The same options and seed make the same decisions. */
export interface RunOptions {
  /** The run ends after this number of operations and faults, or after `seconds`. */
  readonly operations: number
  readonly faultCount: number
  readonly seconds: number
  readonly processes: number
  readonly seed: number
  /** Number of concurrent operations per process. */
  readonly lanes: number
  /** Number of hot keys. */
  readonly keys: number
  /** Number of additional keys. Each is used as often as the others. */
  readonly coldKeys: number
  /** Whether the caches use their memory tier. */
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  /** Whether a process can have several writes of one key in flight. */
  readonly overlap: boolean
  /** Average pause of a lane after an operation, in milliseconds. */
  readonly pauseMs: number
  /** Name of a seeded bug. */
  readonly bug: string | undefined
  /** Names of faults, or their first letters. Default: all. */
  readonly faults: readonly string[] | undefined
  /** Whether Redis restarts from older snapshots. */
  readonly snapshots: boolean
  /** Longest time between a snapshot and such a restart, in seconds. At least 1. */
  readonly snapshotSeconds: number
  /** Whether other programs write data under the prefix of the cache. */
  readonly foreignData: boolean
  /** Whether one process reaches the server through the fault proxy. */
  readonly networkFaults: boolean
  /** Largest staleness of a read without a fault. */
  readonly healthyBoundMs: number
  /** Largest staleness during a fault and shortly after it. */
  readonly lostBoundMs: number
  readonly recoveryMs: number
  /** Time after its failure during which a write can take effect. */
  readonly lateWritesMs: number
  readonly commandTimeoutMs: number
  readonly stopsAtFirstViolation: boolean
  /** Number of events of the key that are shown with a violation. */
  readonly traceEvents: number
}

/** Default options, which the smoke test uses too. */
export const DEFAULT_OPTIONS: RunOptions = {
  operations: 500_000,
  faultCount: 40,
  seconds: 240,
  processes: 4,
  seed: 1,
  lanes: 8,
  keys: 32,
  coldKeys: 0,
  memory: true,
  sharing: 'shared',
  loads: true,
  overlap: true,
  // The pause keeps the machine below its limits, at which everything is late.
  pauseMs: 4,
  bug: undefined,
  faults: undefined,
  snapshots: true,
  snapshotSeconds: 5,
  foreignData: true,
  networkFaults: true,
  // A busy machine stalls, which is not an error of the cache.
  healthyBoundMs: 100,
  lostBoundMs: 1_000,
  recoveryMs: 1_000,
  // The time limit of the command, plus a margin for early failures and for the clocks.
  lateWritesMs: 300,
  commandTimeoutMs: 200,
  stopsAtFirstViolation: false,
  traceEvents: 0,
}

/** Rounding of clocks that count milliseconds. */
const ROUNDING_MS = 5

/**
 * Returns the options for a run without a memory tier. Every read then asks Redis, so none may be
 * stale.
 */
export function withoutMemory(options: RunOptions): RunOptions {
  return { ...options, memory: false, healthyBoundMs: ROUNDING_MS, lostBoundMs: ROUNDING_MS }
}
