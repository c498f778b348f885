/** How a run is set up. One and the same set-up, with one seed, decides the same things again. */
export interface RunOptions {
  /** It ends after so many operations and faults, at the latest after so long. */
  readonly operations: number
  readonly faultCount: number
  readonly seconds: number
  readonly processes: number
  readonly seed: number
  /** Operations that each process has under way at a time. */
  readonly lanes: number
  /** The hot keys. */
  readonly keys: number
  /** Keys beside the hot ones, each used as often as the others. */
  readonly coldKeys: number
  /** Whether the caches have their memory tier. */
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  /** Whether a process may have several writes of one key under way at a time. */
  readonly overlap: boolean
  /** How long a lane pauses after an operation, on an average. */
  readonly pauseMs: number
  /** The name of a seeded bug. */
  readonly bug: string | undefined
  /** Names of faults, as far as a name begins so; all of them when left out. */
  readonly faults: readonly string[] | undefined
  /** Whether Redis is restarted from older snapshots, too. */
  readonly snapshots: boolean
  /** The longest that the workload goes on after such a snapshot. At least 1. */
  readonly snapshotSeconds: number
  /** Whether other programs have data under the cache's prefix at times. */
  readonly foreignData: boolean
  /** Whether one process reaches the server through the fault proxy. */
  readonly link: boolean
  /** How stale a read may be while all is well. */
  readonly healthyBoundMs: number
  /** How stale it may be during a fault and shortly after it. */
  readonly lostBoundMs: number
  readonly recoveryMs: number
  /** How long after it has failed a write may still take effect. */
  readonly lateWritesMs: number
  readonly commandTimeoutMs: number
  readonly stopsAtFirstViolation: boolean
  /** How many of the last events of its key are shown with a violation. */
  readonly traceEvents: number
}

/** Those of the smoke test, too. */
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
  // So that the machine is not at its limits, where all is late.
  pauseMs: 4,
  bug: undefined,
  faults: undefined,
  snapshots: true,
  snapshotSeconds: 5,
  foreignData: true,
  link: true,
  // A busy machine stalls, which is no fault of the cache.
  healthyBoundMs: 100,
  lostBoundMs: 1_000,
  recoveryMs: 1_000,
  // Until the time limit of the command, of which a failure may come early, and some for the clocks.
  lateWritesMs: 300,
  commandTimeoutMs: 200,
  stopsAtFirstViolation: false,
  traceEvents: 0,
}

/** For clocks that count milliseconds only. */
const ROUNDING_MS = 5

/** Without a memory tier every read asks Redis, and nothing makes that stale. */
export function withoutMemory(options: RunOptions): RunOptions {
  return { ...options, memory: false, healthyBoundMs: ROUNDING_MS, lostBoundMs: ROUNDING_MS }
}
