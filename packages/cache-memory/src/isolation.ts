import { isPlainObject, type LoadIsolator } from '@verbatim/cache-core/implement'
import { deepCopy, isImmutable } from './deep-copy.js'

/**
 * Protection of stored values against changes by the code that reads or writes them.
 *
 * - `'none'`: a hit returns the object that was set. This is fastest, but a change of the object changes
 *   the cache.
 * - `'freeze'`: the cache stores a deeply frozen copy, and every hit returns that copy. A value with parts
 *   that cannot be frozen (`Date`, `Map`, `Set`, `URL`, bytes) is copied at each hit instead.
 * - `'clone'`: the cache stores a copy, and every hit returns a new copy.
 */
export type Isolation = 'none' | 'freeze' | 'clone'

/** Converts values to the form in which they are stored, and back. */
export interface Isolator {
  /**
   * Returns the stored form of a value.
   *
   * @throws SerializationError (`NOT_CLONEABLE`) for a value that must be copied and cannot be
   */
  admit(value: unknown): unknown
  /** Returns the stored form of a value to which there is no other reference, without a copy. */
  adopt(value: unknown): unknown
  /** Returns the value for a caller. */
  release(stored: unknown): unknown
}

/** Marks a stored value that cannot be frozen and is therefore copied at every hit. */
class CopiedAtEveryHit {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const unchanged = (value: unknown): unknown => value

const copyUnlessImmutable = (value: unknown): unknown =>
  isImmutable(value) ? value : deepCopy(value)

/** Copies that this module has frozen. They cannot change, so they need no further copy. */
const frozenCopies = new WeakSet<object>()

const isFrozenCopy = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && frozenCopies.has(value)

function freezeOrMark(value: unknown): unknown {
  if (isImmutable(value)) return value
  if (!freezeDeeply(value)) return new CopiedAtEveryHit(value)
  frozenCopies.add(value as object)
  return value
}

const ISOLATORS: Readonly<Record<Isolation, Isolator>> = {
  none: { admit: unchanged, adopt: unchanged, release: unchanged },
  freeze: {
    admit: (value) => (isFrozenCopy(value) ? value : freezeOrMark(copyUnlessImmutable(value))),
    adopt: freezeOrMark,
    release: (stored) => (stored instanceof CopiedAtEveryHit ? deepCopy(stored.value) : stored),
  },
  clone: { admit: copyUnlessImmutable, adopt: unchanged, release: copyUnlessImmutable },
}

/** Returns the isolator for a value of the option `isolation`. */
export function isolatorFor(isolation: Isolation): Isolator {
  return ISOLATORS[isolation]
}

/** Returns the isolator for loaded values; `undefined` when callers receive the loaded value itself. */
export function loadIsolatorFor(isolation: Isolation): LoadIsolator | undefined {
  return isolation === 'none' ? undefined : ISOLATORS[isolation]
}

/** Freezes plain objects and arrays deeply. Returns false, and freezes nothing, if there is any other object. */
function freezeDeeply(root: unknown): boolean {
  const visited = new Set<object>()
  const pending: unknown[] = [root]
  while (pending.length > 0) {
    const value = pending.pop()
    if (value === null || typeof value !== 'object' || visited.has(value)) continue
    if (!Array.isArray(value) && !isPlainObject(value)) return false
    visited.add(value)
    for (const child of Object.values(value)) pending.push(child)
  }
  for (const value of visited) Object.freeze(value)
  return true
}
