import { type Clock, ValidationError } from '@verbatim/cache-core'
import {
  assertKey,
  assertTags,
  assertValue,
  invalidArgument,
  type StorePlan,
} from '@verbatim/cache-core/implement'
import { type Entry, freshUntil } from './entry-store.js'
import type { Isolator } from './isolation.js'

/** Entries of a cache at one moment, as plain data. It can be written as JSON if its values can. */
export interface InMemoryCacheSnapshot {
  readonly format: 1
  /** Milliseconds since 1970. */
  readonly takenAt: number
  /** Least recently used first. */
  readonly entries: readonly SnapshotEntry[]
}

export interface SnapshotEntry {
  readonly key: string
  readonly value: unknown
  /** Remaining TTL in milliseconds; negative during the grace period; `null` for no expiry. */
  readonly leftMs: number | null
  readonly graceMs?: number
  readonly tags?: readonly string[]
}

/** An entry of a snapshot with its remaining TTL. */
export interface RestorableEntry {
  readonly key: string
  readonly value: unknown
  readonly plan: StorePlan
}

/**
 * Returns a snapshot of entries.
 *
 * @param retained - most recently used first
 */
export function takeSnapshot(
  retained: Iterable<Entry>,
  clock: Clock,
  isolator: Isolator,
): InMemoryCacheSnapshot {
  const now = clock.now()
  // Read before the copies are made, because the remaining TTLs count from here.
  const takenAt = clock.wallTime()
  const entries = Array.from(retained, (entry): SnapshotEntry => {
    const leftMs = freshUntil(entry) - now
    const { graceMs = 0, tags = [] } = entry.extra ?? {}
    return {
      key: entry.key,
      value: isolator.release(entry.storedValue),
      leftMs: leftMs === Number.POSITIVE_INFINITY ? null : leftMs,
      ...(graceMs > 0 && { graceMs }),
      ...(tags.length > 0 && { tags: tags.map(({ name }) => name) }),
    }
  })
  return { format: 1, takenAt, entries: entries.toReversed() }
}

/**
 * Returns the entries of a snapshot that have not expired, in its order.
 *
 * @throws ValidationError for a bad snapshot, see {@link assertSnapshot}
 */
export function restorable(snapshot: unknown, clock: Clock): RestorableEntry[] {
  assertSnapshot(snapshot)
  // Two processes share only the date. A date that went backwards must not shorten a TTL.
  const passedMs = Math.max(0, clock.wallTime() - snapshot.takenAt)
  return snapshot.entries
    .map(({ key, value, leftMs, graceMs = 0, tags = [] }) => {
      const ttlMs = leftMs === null ? Number.POSITIVE_INFINITY : leftMs - passedMs
      return { key, value, plan: { ttlMs, graceMs, loadMs: 0, tags } }
    })
    .filter(({ plan: { ttlMs, graceMs } }) => ttlMs + graceMs >= 0)
}

/**
 * Checks a whole snapshot before it is used.
 *
 * @throws ValidationError (`INVALID_SNAPSHOT`, or the code for a bad key, value or tag) with the place
 */
function assertSnapshot(snapshot: unknown): asserts snapshot is InMemoryCacheSnapshot {
  const { format, takenAt, entries } = Object(snapshot) as Partial<InMemoryCacheSnapshot>
  if (format !== 1) throw invalidSnapshot('format', '1', format)
  if (!Number.isFinite(takenAt)) throw invalidSnapshot('takenAt', 'a number', takenAt)
  if (!Array.isArray(entries)) throw invalidSnapshot('entries', 'an array', entries)
  for (const [index, entry] of entries.entries()) assertEntry(entry, `entries[${index}]`)
}

function assertEntry(entry: unknown, place: string): void {
  const { key, value, leftMs, graceMs, tags } = Object(entry) as Partial<SnapshotEntry>
  inPlace(place, () => {
    assertKey(key)
    assertValue(value)
    if (tags !== undefined) assertTags(tags)
  })
  if (leftMs !== null && !Number.isFinite(leftMs)) {
    throw invalidSnapshot(`${place}.leftMs`, 'a number, or null', leftMs)
  }
  if (graceMs !== undefined && !(Number.isFinite(graceMs) && graceMs >= 0)) {
    throw invalidSnapshot(`${place}.graceMs`, 'a number from 0', graceMs)
  }
}

/** Runs a check and adds the place in the snapshot to its error. */
function inPlace(place: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    const { message, code, context } = error as ValidationError
    throw new ValidationError(`snapshot.${place}: ${message}`, {
      code,
      context: { ...context, place },
    })
  }
}

function invalidSnapshot(place: string, rule: string, value: unknown): ValidationError {
  return invalidArgument(`snapshot.${place}`, rule, value, {
    code: 'INVALID_SNAPSHOT',
    context: { argument: 'snapshot', place },
  })
}
