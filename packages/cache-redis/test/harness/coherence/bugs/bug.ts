/** A mistake to be made on purpose in a copy of the built packages. */
export interface Bug {
  readonly name: string
  /** The rule that it breaks. */
  readonly breaks: string
  readonly patches: readonly Patch[]
  /** How a run has to be set up for the bug to do harm, and for the cache without it to do none. */
  readonly setUp: BugSetUp
}

export interface Patch {
  /** Such as `cache-redis/dist/key-fence.js`. */
  readonly file: string
  /** Must be there exactly once. Any white space stands for any other. */
  readonly find: string
  readonly replace: string
}

export interface BugSetUp {
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  readonly overlap: boolean
  /** Many, so that some of them are seldom written; the default when left out. */
  readonly keys?: number
  /** Names of faults; all of them when left out. */
  readonly faults?: readonly string[]
  /** How long it takes to show; the run's own length when left out. */
  readonly seconds?: number
  /** Milliseconds that a failed write may be late; for ever when left out. */
  readonly lateWritesMs?: number
}
