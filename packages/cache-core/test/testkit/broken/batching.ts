import type { SetOptions, Ttl } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

type Entries<T> = Iterable<readonly [key: string, value: T]>

class KeepsMissesInBatches extends ReferenceCache {
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const found = await super.getMany<T>(keys)
    for (const key of keys) if (!found.has(key)) found.set(key, undefined as T)
    return found
  }
}

class DropsFalsyFromBatches extends ReferenceCache {
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const found = await super.getMany<T>(keys)
    return new Map([...found].filter(([, value]) => Boolean(value)))
  }
}

class IgnoresTtlOfBatches extends ReferenceCache {
  override setMany<T>(entries: Entries<T>): Promise<void> {
    return super.setMany(entries)
  }
}

class IgnoresTheTagsOfBatches extends ReferenceCache {
  override setMany<T>(entries: Entries<T>, ttl?: Ttl | SetOptions): Promise<void> {
    const isOptions = typeof ttl === 'object' && ttl !== null
    return super.setMany(entries, isOptions ? ttl.ttl : ttl)
  }
}

class TakesListsOnly extends ReferenceCache {
  override async setMany<T>(entries: Entries<T>, ttl?: Ttl | SetOptions): Promise<void> {
    const { length } = entries as { length?: number }
    const list = Array.from({ length: length ?? 0 }, (_, at) => (entries as [string, T][])[at])
    return super.setMany(
      list.filter((entry) => entry !== undefined),
      ttl,
    )
  }
}

class KeepsTheFirstOfABatch extends ReferenceCache {
  override setMany<T>(entries: Entries<T>, ttl?: Ttl | SetOptions): Promise<void> {
    return super.setMany([...entries].toReversed(), ttl)
  }
}

class StoresPartOfABatch extends ReferenceCache {
  override async setMany<T>(entries: Entries<T>, ttl?: Ttl | SetOptions): Promise<void> {
    for (const [key, value] of entries) await this.set(key, value, ttl)
  }
}

class CountsEveryDelete extends ReferenceCache {
  override async deleteMany(keys: readonly string[]): Promise<number> {
    await super.deleteMany(keys)
    return keys.length
  }
}

class RefusesEmptyBatches extends ReferenceCache {
  override async deleteMany(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) throw new RangeError('no keys')
    return super.deleteMany(keys)
  }
}

class ReadsAHundredAtOnce extends ReferenceCache {
  override getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    return super.getMany(keys.slice(0, 100))
  }
}

testBrokenCaches([
  KeepsMissesInBatches,
  DropsFalsyFromBatches,
  IgnoresTtlOfBatches,
  IgnoresTheTagsOfBatches,
  TakesListsOnly,
  KeepsTheFirstOfABatch,
  StoresPartOfABatch,
  CountsEveryDelete,
  RefusesEmptyBatches,
  ReadsAHundredAtOnce,
])
