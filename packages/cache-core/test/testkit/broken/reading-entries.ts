import { type LookupResult, planGetEntry, type StorePlan } from '../../../src/implement.js'
import type { CacheEntry, GetEntryOptions, GetOrSetOptions, Loader } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class NamesNoTier extends ReferenceCache {
  protected override entryOf<T>(found: LookupResult<T>): CacheEntry<T> {
    return { ...super.entryOf(found), source: 'cache' as 'memory' }
  }
}

class HasAnEntryForEveryKey extends ReferenceCache {
  override async getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T>> {
    const none = { value: undefined as T, source: 'memory', ttl: null, isStale: false } as const
    return (await super.getEntry<T>(key, options)) ?? none
  }
}

class ReturnsTtlsInMilliseconds extends ReferenceCache {
  protected override entryOf<T>(found: LookupResult<T>): CacheEntry<T> {
    const entry = super.entryOf(found)
    return { ...entry, ttl: entry.ttl && entry.ttl * 1_000 }
  }
}

/** A cache that ignores one option. */
abstract class IgnoresAnOption extends ReferenceCache {
  protected abstract readonly ignored: keyof GetOrSetOptions

  override getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T> | undefined> {
    return super.getEntry<T>(key, this.#without(options))
  }

  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    return super.getOrSet<T>(key, loader, this.#without(options))
  }

  override getOrSetEntry<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<CacheEntry<T>> {
    return super.getOrSetEntry<T>(key, loader, this.#without(options))
  }

  #without<Options>(options: Options): Options {
    const hasOption = isObject(options) && this.ignored in options
    return hasOption ? { ...options, [this.ignored]: undefined } : options
  }
}

function isObject(options: unknown): options is object {
  return typeof options === 'object' && options !== null && !Array.isArray(options)
}

class ForgetsThatItHasLoaded extends ReferenceCache {
  override async getOrSetEntry<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<CacheEntry<T>> {
    return { ...(await super.getOrSetEntry(key, loader, options)), source: 'memory' }
  }
}

class HidesErrorsOfLoads extends ReferenceCache {
  override async getOrSetEntry<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<CacheEntry<T>> {
    const load: Loader<T> = async (context) => {
      try {
        return await loader(context)
      } catch {
        context.skip()
        return undefined as T
      }
    }
    return super.getOrSetEntry(key, load, options)
  }
}

class AcceptsEverything extends ReferenceCache {
  protected override lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    return super.lookup(key)
  }
}

class NotifiesNobody extends IgnoresAnOption {
  protected readonly ignored = 'onLookup'
}

class FailsWithItsObserver extends ReferenceCache {
  override getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T> | undefined> {
    const { onLookup } = planGetEntry(options)
    if (onLookup?.name === 'onLookup') onLookup('miss')
    return super.getEntry<T>(key, options)
  }
}

class NeverRefreshes extends IgnoresAnOption {
  protected readonly ignored = 'refresh'
}

class AlwaysStores extends IgnoresAnOption {
  protected readonly ignored = 'noStore'
}

class StoresForTheFirstCallerOnly extends ReferenceCache {
  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    if (!isObject(options) || options.noStore !== true) return super.getOrSet(key, loader, options)
    const load: Loader<T> = (context) => {
      context.skip()
      return loader(context)
    }
    return super.getOrSet(key, load, options)
  }
}

class TakesTheMemoryTtlForTheTtl extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    const memoryTtlMs = plan.memoryTtlMs ?? plan.ttlMs
    super.store(key, value, { ...plan, ttlMs: Math.min(plan.ttlMs, memoryTtlMs) })
  }
}

class ReturnsNoStaleEntry extends ReferenceCache {
  override getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T> | undefined> {
    const { maxStaleMs } = planGetEntry(options)
    return super.getEntry<T>(key, maxStaleMs > 0 ? { ...options, maxStale: undefined } : options)
  }
}

class HidesThatValuesAreStale extends ReferenceCache {
  protected override entryOf<T>(found: LookupResult<T>): CacheEntry<T> {
    return { ...super.entryOf(found), isStale: false }
  }
}

class TakesAnyOptionsOfEntries extends ReferenceCache {
  override getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T> | undefined> {
    try {
      planGetEntry(options)
    } catch {
      return super.getEntry<T>(key)
    }
    return super.getEntry<T>(key, options)
  }
}

class HidesReasons extends ReferenceCache {
  override invalidatePattern(pattern: string): Promise<number> {
    return super.invalidatePattern(pattern)
  }
}

testBrokenCaches([
  NamesNoTier,
  HasAnEntryForEveryKey,
  ReturnsTtlsInMilliseconds,
  ForgetsThatItHasLoaded,
  HidesErrorsOfLoads,
  AcceptsEverything,
  NotifiesNobody,
  FailsWithItsObserver,
  NeverRefreshes,
  AlwaysStores,
  StoresForTheFirstCallerOnly,
  TakesTheMemoryTtlForTheTtl,
  ReturnsNoStaleEntry,
  HidesThatValuesAreStale,
  TakesAnyOptionsOfEntries,
  HidesReasons,
])
