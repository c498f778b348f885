import {
  assertValue,
  type LookupResult,
  planLoad,
  type ReadPlan,
  type StorePlan,
} from '../../../src/implement.js'
import {
  CacheError,
  type GetOrSetOptions,
  type LoadContext,
  type Loader,
  type SetOptions,
  type Ttl,
} from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class ForgetsToFence extends ReferenceCache {
  protected override fence(): void {}
}

class ForgetsToFenceAll extends ReferenceCache {
  protected override fenceAll(): void {}
}

/** Fences after a write, so that a load that ends during the write stores an old value. */
class FencesTooLate extends ReferenceCache {
  override async delete(key: string): Promise<boolean> {
    const wasThere = this.fresh(key) !== undefined
    this.entries.delete(key)
    for (let turn = 0; turn < 3; turn++) await Promise.resolve()
    const entry = this.entries.get(key)
    await super.delete(key)
    if (entry !== undefined) this.entries.set(key, entry)
    return wasThere
  }
}

class FencesRefusedWrites extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    this.fence(key)
    return super.set(key, value, ttl)
  }
}

class FencesEveryKey extends ReferenceCache {
  protected override fence(): void {
    this.fenceAll()
  }
}

class LoadsForEveryCaller extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<T>,
  ): Promise<T> {
    const { ttl } = planLoad(options)
    const cached = await this.get<T>(key)
    if (cached !== undefined) return cached
    const context = { signal: new AbortController().signal, skip: () => undefined }
    const value = await loader(context as unknown as LoadContext)
    await this.set(key, value, ttl as Ttl | undefined)
    return value
  }
}

class LoadsOneAfterTheOther extends ReferenceCache {
  #last: Promise<unknown> = Promise.resolve()

  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const turn = this.#last.then(() => super.getOrSet(key, loader, options))
    this.#last = turn.catch(() => {})
    return turn
  }
}

class LoadsEveryTime extends ReferenceCache {
  protected override async lookup<T>(
    key: string,
    plan?: ReadPlan,
  ): Promise<LookupResult<T> | undefined> {
    await super.lookup(key, plan)
    return undefined
  }
}

class LoadsFalsyAgain extends ReferenceCache {
  protected override async lookup<T>(
    key: string,
    plan?: ReadPlan,
  ): Promise<LookupResult<T> | undefined> {
    const found = await super.lookup<T>(key, plan)
    return found?.value ? found : undefined
  }
}

class StoresFailures extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    try {
      return await super.getOrSet(key, loader, options)
    } catch (error) {
      await this.set(key, 'failed', '1ms').catch(() => {})
      throw error
    }
  }
}

class IgnoresTtlOfLoads extends ReferenceCache {
  protected override fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    return super.fill(key, value, { ...plan, ttlMs: this.defaultTtlMs })
  }
}

class TakesUndefinedFromLoaders extends ReferenceCache {
  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const orNull = async (context: LoadContext): Promise<T> =>
      (await loader(context)) ?? (null as T)
    return super.getOrSet(key, orNull, options)
  }
}

class LoadsBeforeItChecksTtl extends ReferenceCache {
  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const ttl = options?.ttl
    const later = typeof ttl === 'function' ? ttl : (): Ttl | undefined => ttl
    return super.getOrSet(key, loader, { ...options, ttl: later })
  }
}

class HangsInCycles extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    return super.getOrSet(key, loader, options).catch((error: unknown) => {
      const isCycle = error instanceof CacheError && error.code === 'LOAD_CYCLE'
      if (isCycle) return new Promise<T>(() => {})
      throw error
    })
  }
}

class RefusesUndefinedThatIsSkipped extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const value = await super.getOrSet(key, loader, options)
    if (value === undefined) assertValue(value)
    return value
  }
}

testBrokenCaches([
  HangsInCycles,
  RefusesUndefinedThatIsSkipped,
  ForgetsToFence,
  ForgetsToFenceAll,
  FencesTooLate,
  FencesRefusedWrites,
  FencesEveryKey,
  LoadsForEveryCaller,
  LoadsOneAfterTheOther,
  LoadsEveryTime,
  LoadsFalsyAgain,
  StoresFailures,
  IgnoresTtlOfLoads,
  TakesUndefinedFromLoaders,
  LoadsBeforeItChecksTtl,
])
