/** How a run is set up. One and the same set-up, with one seed, decides the same things again. */
export interface RunOptions {
  /** It ends after so long, or sooner, after so many operations. */
  readonly seconds: number
  readonly operations: number
  readonly processes: number
  readonly seed: number
  /** Operations that each process has under way at a time. */
  readonly lanes: number
  readonly keys: number
  /** Whether the caches have their memory tier. */
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  /** Whether a process may have several writes of one key under way at a time. */
  readonly overlap: boolean
  /** The name of a seeded bug. */
  readonly bug: string | undefined
  /** Names of faults, as far as a name begins so; all of them when left out. */
  readonly faults: readonly string[] | undefined
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

export const DEFAULT_OPTIONS: RunOptions = {
  seconds: 30,
  operations: Number.POSITIVE_INFINITY,
  processes: 4,
  seed: 1,
  lanes: 8,
  keys: 32,
  memory: true,
  sharing: 'shared',
  loads: true,
  overlap: true,
  bug: undefined,
  faults: undefined,
  link: true,
  healthyBoundMs: 5,
  lostBoundMs: 1_000,
  recoveryMs: 1_000,
  lateWritesMs: Number.POSITIVE_INFINITY,
  commandTimeoutMs: 200,
  stopsAtFirstViolation: false,
  traceEvents: 0,
}
