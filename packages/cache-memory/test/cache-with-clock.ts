import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache, type InMemoryCacheOptions } from '../src/index.js'

/** Creates a cache with a manual clock. */
export function cacheWithClock(options: InMemoryCacheOptions = {}): {
  cache: InMemoryCache
  clock: ManualClock
} {
  const clock = new ManualClock()
  return { cache: new InMemoryCache({ clock, ...options }), clock }
}

/** Sets each letter of a text as a key, with itself as the value. */
export async function fill(cache: InMemoryCache, keys: string): Promise<void> {
  for (const key of keys) await cache.set(key, key)
}

/** Counts a text by its length and anything else as 8 bytes, for tests of limits in bytes. */
export const countingText = {
  sizeOf: (value: unknown): number => (typeof value === 'string' ? value.length : 8),
}
