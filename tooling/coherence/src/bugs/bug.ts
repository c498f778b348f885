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
  /** Such as `cache-redis/dist/memory/key-fence.js`. */
  readonly file: string
  /** Must be there exactly once. Any white space stands for any other. */
  readonly find: string
  readonly replace: string
}

/** What is left out is as in any run. */
export interface BugSetUp {
  readonly memory: boolean
  readonly sharing: 'shared' | 'private'
  readonly loads: boolean
  readonly overlap: boolean
  readonly pauseMs: number
  readonly lanes?: number
  /** Many, so that some of them are seldom written. */
  readonly keys?: number
  /** Keys beside those, each used as often as the others. */
  readonly coldKeys?: number
  /** Names of faults; all of them when left out. */
  readonly faults?: readonly string[]
  /** How long it may take to show. */
  readonly seconds?: number
  /** How stale a read may be during the faults. */
  readonly lostBoundMs?: number
}
