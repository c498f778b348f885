import type { GetOrSetOptions, Loader, SetOptions, Ttl } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class TakesTextForKeys extends ReferenceCache {
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    return super.getMany([...keys])
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    return super.deleteMany([...keys])
  }
}

class TakesAnyEntries extends ReferenceCache {
  override async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    ttl?: Ttl | SetOptions,
  ): Promise<void> {
    return super.setMany(
      [...entries].map(([key, value]) => [key, value]),
      ttl,
    )
  }
}

class TakesAnyLoader extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const load: Loader<T> = typeof loader === 'function' ? loader : () => loader
    return super.getOrSet(key, load, options)
  }
}

class TakesUnknownFields extends ReferenceCache {
  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    const isMisspelled = typeof ttl === 'object' && ttl !== null && 'tagss' in ttl
    return super.set(key, value, isMisspelled ? { ttl: ttl.ttl } : ttl)
  }
}

testBrokenCaches([TakesTextForKeys, TakesAnyEntries, TakesAnyLoader, TakesUnknownFields])
