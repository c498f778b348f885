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

/**
 * What a cache held at one moment, as plain data. It can be written as JSON if its values can.
 */
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
  /** Milliseconds that were left of its life; negative when only its grace was; `null` for ever. */
  readonly leftMs: number | null
  readonly graceMs?: number
  readonly tags?: readonly string[]
}

/** An entry of a snapshot with what is left of its life now. */
export interface RestorableEntry {
  readonly key: string
  readonly value: unknown
  readonly plan: StorePlan
}

/** @param retained - most recently used first */
export function takeSnapshot(
  retained: Iterable<Entry>,
  clock: Clock,
  isolator: Isolator,
): InMemoryCacheSnapshot {
  const now = clock.now()
  // Before the copies are made, which takes time: what is left is counted from here.
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
 * The entries that still have something to live, in the order in which they were taken.
 *
 * @throws ValidationError as {@link assertSnapshot} does
 */
export function restorable(snapshot: unknown, clock: Clock): RestorableEntry[] {
  assertSnapshot(snapshot)
  // A date is all that two processes share. One that went backwards takes nothing off a life.
  const passedMs = Math.max(0, clock.wallTime() - snapshot.takenAt)
  return snapshot.entries
    .map(({ key, value, leftMs, graceMs = 0, tags = [] }) => {
      const ttlMs = leftMs === null ? Number.POSITIVE_INFINITY : leftMs - passedMs
      return { key, value, plan: { ttlMs, graceMs, loadMs: 0, tags } }
    })
    .filter(({ plan: { ttlMs, graceMs } }) => ttlMs + graceMs >= 0)
}

/**
 * Checks a snapshot before anything of it is used.
 *
 * @throws ValidationError (`INVALID_SNAPSHOT`, or the code of what is wrong) that names the place
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

/** Runs a check that does not know where in a snapshot its argument is, and says so for it. */
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
