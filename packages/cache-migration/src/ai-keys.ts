import type { InspectedEntry, InspectOptions, SetOptions, Ttl } from '@verbatim/cache-core'
import { hasMethod } from '@verbatim/cache-core/implement'
import type { MigrationSource, MigrationTarget } from './write-entries.js'

/** The beginning of the keys of AI caches in Redis. */
export const AI_PREFIX = 'ai_cache:'

/** Returns a source whose keys have the prefix. An `AIResponseCache` lists its keys without the prefix. */
export function withAiPrefix(source: MigrationSource): MigrationSource {
  if (!isAiCache(source)) return source
  return {
    async *inspect(pattern = '*', options?: InspectOptions): AsyncGenerator<InspectedEntry> {
      const own = pattern.startsWith(AI_PREFIX) ? pattern.slice(AI_PREFIX.length) : pattern
      for await (const entry of source.inspect(own, options)) {
        yield { ...entry, key: AI_PREFIX + entry.key }
      }
    },
  }
}

/** Returns a target that accepts keys with the prefix, and stores them in an `AIResponseCache` without it. */
export function withoutAiPrefix(target: MigrationTarget): MigrationTarget {
  if (!isAiCache(target)) return target
  const own = (key: string): string =>
    key.startsWith(AI_PREFIX) ? key.slice(AI_PREFIX.length) : key
  const adapted = {
    add: <T>(key: string, value: T, ttl?: Ttl | SetOptions) => target.add(own(key), value, ttl),
    set: <T>(key: string, value: T, ttl?: Ttl | SetOptions) => target.set(own(key), value, ttl),
    exists: (key: string) => target.exists(own(key)),
    /** Shows `LostEntries` what the cache has not kept. */
    getStats: (): unknown => (target as { getStats?(): unknown }).getStats?.(),
  }
  return adapted
}

/** Recognizes an `AIResponseCache` without a dependency on its package. */
function isAiCache(cache: object): boolean {
  return hasMethod(cache, 'getCachedResponse')
}
