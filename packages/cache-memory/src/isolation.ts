import { isPlainObject, type LoadIsolator } from '@verbatim/cache-core/implement'
import { deepCopy, isImmutable } from './deep-copy.js'

/**
 * What stands between a cached value and the code that holds it.
 *
 * - `'none'`: a hit is the very object that was set. Fastest; whoever changes it changes the cache.
 * - `'freeze'`: the cache keeps a deeply frozen copy, and every hit is that copy. Values with parts
 *   that cannot be frozen (`Date`, `Map`, `Set`, `URL`, bytes) are copied at each hit instead.
 * - `'clone'`: the cache keeps a copy, and every hit is a copy of its own.
 */
export type Isolation = 'none' | 'freeze' | 'clone'

/** Turns values into what is kept, and what is kept into what is handed out. */
export interface Isolator {
  /** @throws SerializationError (`NOT_CLONEABLE`) for a value that has to be copied and has no copy */
  admit(value: unknown): unknown
  /** As {@link Isolator.admit}, for a value that nobody else holds: it need not be copied. */
  adopt(value: unknown): unknown
  release(stored: unknown): unknown
}

/** Marks a kept value that cannot be frozen, and so is copied at every hit. */
class CopiedAtEveryHit {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const unchanged = (value: unknown): unknown => value

const copyUnlessImmutable = (value: unknown): unknown =>
  isImmutable(value) ? value : deepCopy(value)

/** Copies that were frozen here: nobody can change them, so they need not be copied again. */
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

/** The isolation of an `InMemoryCache`, for caches that keep values in other places too. */
export function isolatorFor(isolation: Isolation): Isolator {
  return ISOLATORS[isolation]
}

/** The same for what loads return; `undefined` where callers get the loaded value itself. */
export function loadIsolatorFor(isolation: Isolation): LoadIsolator | undefined {
  return isolation === 'none' ? undefined : ISOLATORS[isolation]
}

/** Freezes plain objects and lists all the way down; false as soon as something else turns up. */
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
