import {
  assertKey,
  type CacheInterface,
  type GetOrSetOptions,
  type Loader,
  ManualClock,
  type Ttl,
} from '../../../src/index.js'
import { testCacheContract } from '../../../src/testkit/index.js'
import { ReferenceCache } from '../reference-cache.js'

class IgnoresTtl extends ReferenceCache {
  override set<T>(key: string, value: T): Promise<void> {
    return super.set(key, value, null)
  }
}

class RoundsTtlUpToSeconds extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return super.set(key, value, typeof ttl === 'number' && ttl > 0 ? Math.ceil(ttl) : ttl)
  }
}

class TakesNullForAMiss extends ReferenceCache {
  override async get<T>(key: string): Promise<T | undefined> {
    return (await super.get<T>(key)) ?? undefined
  }
}

class AnswersNullForAMiss extends ReferenceCache {
  override async get<T>(key: string): Promise<T | undefined> {
    return (await super.get<T>(key)) ?? (null as T)
  }
}

class ForgetsToFence extends ReferenceCache {
  protected override fenceLoad(): void {}
}

class LoadsForEveryCaller extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options: GetOrSetOptions = {},
  ): Promise<T> {
    const cached = await this.get<T>(key)
    if (cached !== undefined) return cached
    const value = await loader()
    await this.set(key, value, options.ttl)
    return value
  }
}

class TakesAColonForAnUnderscore extends ReferenceCache {
  override get<T>(key: string): Promise<T | undefined> {
    return super.get<T>(this.#entryName(key))
  }

  override set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return super.set(this.#entryName(key), value, ttl)
  }

  override delete(key: string): Promise<boolean> {
    return super.delete(this.#entryName(key))
  }

  override exists(key: string): Promise<boolean> {
    return super.exists(this.#entryName(key))
  }

  #entryName(key: string): string {
    return typeof key === 'string' ? key.replaceAll(':', '_') : key
  }
}

class CountsEveryDelete extends ReferenceCache {
  override async deleteMany(keys: readonly string[]): Promise<number> {
    await super.deleteMany(keys)
    return keys.length
  }
}

class AlwaysSaysDeleted extends ReferenceCache {
  override async delete(key: string): Promise<boolean> {
    await super.delete(key)
    return true
  }
}

class StoresJson extends ReferenceCache {
  override async get<T>(key: string): Promise<T | undefined> {
    const text = await super.get<string>(key)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }

  override set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return super.set(key, JSON.stringify(value), ttl)
  }
}

class ThrowsAtOnce extends ReferenceCache {
  override get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    return super.get<T>(key)
  }
}

class ListsTheExpired extends ReferenceCache {
  readonly #everSet = new Set<string>()

  override set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    this.#everSet.add(key)
    return super.set(key, value, ttl)
  }

  override async *scan(): AsyncIterable<string> {
    yield* this.#everSet
  }
}

for (const Broken of [
  IgnoresTtl,
  RoundsTtlUpToSeconds,
  TakesNullForAMiss,
  AnswersNullForAMiss,
  ForgetsToFence,
  LoadsForEveryCaller,
  TakesAColonForAnUnderscore,
  CountsEveryDelete,
  AlwaysSaysDeleted,
  StoresJson,
  ThrowsAtOnce,
  ListsTheExpired,
]) {
  let clock = new ManualClock()
  testCacheContract(Broken.name, {
    create: (): CacheInterface => {
      clock = new ManualClock()
      return new Broken(clock)
    },
    advance: (milliseconds) => clock.advance(milliseconds),
  })
}
