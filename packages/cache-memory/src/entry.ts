import type { Expiring } from './expiry-queue.js'
import type { Tag } from './tag-index.js'

/** What the cache keeps under a key. */
export interface Entry extends Expiring {
  readonly key: string
  /** The value, in the form in which the isolator keeps it; `undefined` once it has left. */
  storedValue: unknown
  /** What it counts for against `maxBytes`; 0 where nothing is counted. */
  bytes: number
  /** What most entries do not have: a grace or tags. */
  extra: EntryExtra | undefined
}

export interface EntryExtra {
  /** The end of its hold, during which it is stale: for those only who asked for stale values. */
  readonly graceMs: number
  /** How long its load took. */
  readonly loadMs: number
  readonly tags: readonly Tag[]
}

/** When its life is over, after which it may still be held for its grace. */
export function freshUntil({ expiresAt, extra }: Entry): number {
  return extra === undefined ? expiresAt : expiresAt - extra.graceMs
}
