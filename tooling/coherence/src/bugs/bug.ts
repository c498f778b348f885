/** A deliberate mistake in a copy of the built packages. */
export interface Bug {
  readonly name: string
  /** Rule that the bug breaks. */
  readonly breaks: string
  readonly patches: readonly Patch[]
  /** Set-up in which the bug does harm, and the correct cache does none. */
  readonly setUp: BugSetUp
}

export interface Patch {
  /** File such as `cache-redis/dist/two-tier/admission.js`. */
  readonly file: string
  /** Text that must occur exactly once. All white space counts as equal. */
  readonly find: string
  readonly replace: string
}

/** Differences from the default set-up. */
export interface BugSetUp {
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  readonly overlap: boolean
  readonly pauseMs: number
  readonly lanes?: number
  /** Number of keys. With many keys, some are rarely written. */
  readonly keys?: number
  /** Number of additional keys. Each is used as often as the others. */
  readonly coldKeys?: number
  /** Names of faults. Default: all. */
  readonly faults?: readonly string[]
  /** Longest run until the bug must be caught, in seconds. */
  readonly seconds?: number
  /** Largest permitted staleness of a read during faults, in milliseconds. */
  readonly lostBoundMs?: number
}
