import type { LookupResult } from '../../../src/implement.js'
import type { CacheContract } from '../../../src/testkit/index.js'
import { ReferenceCache, type ReferenceOptions } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class KeepsTheWritersObject extends ReferenceCache {
  protected override admit(value: unknown): unknown {
    return value
  }
}

class HandsOutWhatItKeeps extends ReferenceCache {
  protected override release(value: unknown): unknown {
    return value
  }
}

class HandsOutWhatItKeepsInBatches extends ReferenceCache {
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const found = await super.getMany<T>(keys)
    for (const key of found.keys()) found.set(key, this.entries.get(key)?.value as T)
    return found
  }
}

class HandsOutWhatItKeepsInGetOrSet extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const found = await super.lookup<T>(key)
    return found && { ...found, value: this.entries.get(key)?.value as T }
  }
}

class SharesWhatItLoads extends ReferenceCache {
  protected override releaseLoaded(admitted: unknown): unknown {
    return admitted
  }
}

class CopiesTheOutsideOnly extends ReferenceCache {
  protected override release(value: unknown): unknown {
    if (Array.isArray(value)) return [...value]
    return value?.constructor === Object ? { ...value } : super.release(value)
  }
}

class FreezesInsteadOfCloning extends ReferenceCache {
  constructor(options: ReferenceOptions) {
    super({ ...options, isolation: 'freeze' })
  }
}

class ClonesInsteadOfFreezing extends ReferenceCache {
  static readonly contract: Partial<CacheContract> = { isolation: 'freeze' }
}

class SpoilsTheSecondRead extends ReferenceCache {
  static readonly contract: Partial<CacheContract> = { isolation: 'none' }

  protected override release(value: unknown): unknown {
    const copy = super.release(value)
    if (value !== null && typeof value === 'object') Object.assign(value, { read: true })
    return copy
  }
}

testBrokenCaches([
  KeepsTheWritersObject,
  HandsOutWhatItKeeps,
  HandsOutWhatItKeepsInBatches,
  HandsOutWhatItKeepsInGetOrSet,
  SharesWhatItLoads,
  CopiesTheOutsideOnly,
  FreezesInsteadOfCloning,
  ClonesInsteadOfFreezing,
  SpoilsTheSecondRead,
])
