import type { CacheInterface, InspectedEntry } from '@verbatim/cache-core'

/** An entry as a cache returns it. It has no value where a read would count as a read of the application. */
export type FoundEntry = InspectedEntry | { readonly key: string; readonly ttl: number | null }

/** Lists the entries that match a glob. Their values are read only where that does not count as a read. */
export function entriesOf(cache: CacheInterface, pattern: string): AsyncIterable<FoundEntry> {
  // The default reads with `get`, which changes the figures and keeps entries from eviction.
  return hasOwnInspect(cache) ? cache.inspect(pattern) : withTtl(cache, pattern)
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

async function* withTtl(cache: CacheInterface, pattern: string): AsyncIterable<FoundEntry> {
  for await (const key of cache.scan(pattern)) {
    const ttl = await cache.getTtl(key)
    if (ttl !== undefined) yield { key, ttl }
  }
}

/** Returns whether a class between a cache and `CacheInterface`, the base class of all caches, defines `inspect`. */
function hasOwnInspect(cache: CacheInterface): boolean {
  const owners: object[] = []
  for (let owner: object | null = cache; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    owners.push(owner)
  }
  // The last two are the prototypes of `CacheInterface` and of `Object`.
  return owners.slice(0, -2).some((owner) => Object.hasOwn(owner, 'inspect'))
}
