import type { CacheInterface, InspectedEntry } from '@verbatim/cache-core'
import { hasMethod } from '@verbatim/cache-core/implement'
import { statsOf } from './cache-state.js'

/** An entry as a cache returns it. It has no value where a read would count as a read of the application. */
export type FoundEntry = InspectedEntry | { readonly key: string; readonly ttl: number | null }

/** A cache that can read without counting, such as an `InMemoryCache`. */
interface Peeks {
  peek(key: string): unknown
}

/** Lists the entries that match a glob. Their values are read only where that does not count as a read. */
export function entriesOf(cache: CacheInterface, pattern: string): AsyncIterable<FoundEntry> {
  // A class with its own `inspect` defines it where it defines `scan`. Without Redis it is the default.
  const isOwn = ownerOf(cache, 'inspect') === ownerOf(cache, 'scan')
  const isDefault = !isOwn || statsOf(cache).mode === 'memory'
  // The default reads with `get`, which changes the figures and keeps entries from eviction.
  return isDefault ? peekedEntries(cache, pattern) : cache.inspect(pattern)
}

/** Reads the value of an entry like the application, if it was not read yet. */
export async function withValue(cache: CacheInterface, found: FoundEntry): Promise<FoundEntry> {
  if ('value' in found || 'error' in found) return found
  const value: unknown = await cache.get(found.key)
  return value === undefined ? found : { ...found, value }
}

/** Returns the size of a value as JSON; nothing for an entry without a value, and for a value that is not JSON. */
export function jsonBytes(entry: FoundEntry): { readonly jsonBytes?: number } {
  if (!('value' in entry)) return {}
  try {
    const json: string | undefined = JSON.stringify(entry.value)
    return json === undefined ? {} : { jsonBytes: Buffer.byteLength(json) }
  } catch {
    return {}
  }
}

async function* peekedEntries(cache: CacheInterface, pattern: string): AsyncIterable<FoundEntry> {
  for await (const key of cache.scan(pattern)) {
    const ttl = await cache.getTtl(key)
    if (ttl === undefined) continue
    const value = hasPeek(cache) ? cache.peek(key) : undefined
    yield value === undefined ? { key, ttl } : { key, ttl, value }
  }
}

function hasPeek(cache: CacheInterface): cache is CacheInterface & Peeks {
  return hasMethod(cache, 'peek')
}

/** Returns the prototype that defines a method. */
function ownerOf(cache: CacheInterface, method: keyof CacheInterface): unknown {
  let owner: object | null = cache
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Reflect.getPrototypeOf(owner)
  return owner
}
