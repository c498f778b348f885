import { assertKey, compileGlob, type StorePlan } from '../../../src/implement.js'
import { MAX_KEY_BYTES, type SetOptions, type Ttl } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class FirstWriteWins extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    if (this.fresh(key) === undefined) super.store(key, value, plan)
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

class TakesUndefinedForNull extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    return super.set(key, value === undefined ? null : value, ttl)
  }
}

class TakesAColonForAnUnderscore extends ReferenceCache {
  override get<T>(key: string): Promise<T | undefined> {
    return super.get<T>(this.#entryName(key))
  }

  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
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

class AlwaysSaysDeleted extends ReferenceCache {
  override async delete(key: string): Promise<boolean> {
    await super.delete(key)
    return true
  }
}

class StoresJson extends ReferenceCache {
  protected override admit(value: unknown): unknown {
    return JSON.stringify(value)
  }

  protected override release(value: unknown): unknown {
    return JSON.parse(value as string)
  }
}

class CutsTexts extends ReferenceCache {
  protected override admit(value: unknown): unknown {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    return typeof value === 'string' ? value.slice(0, 500_000).toWellFormed() : super.admit(value)
  }
}

class FlattensContents extends ReferenceCache {
  protected override admit(value: unknown): unknown {
    if (Array.isArray(value)) return value.flat()
    return value?.constructor === Object ? { ...value, list: 'flat' } : super.admit(value)
  }
}

class TakesFalsyForNull extends ReferenceCache {
  protected override admit(value: unknown): unknown {
    return super.admit(value || null)
  }
}

class ThrowsAtOnce extends ReferenceCache {
  override get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    return super.get<T>(key)
  }
}

class RefusesLongKeys extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    return super.set(key.length * 2 === MAX_KEY_BYTES ? '' : key, value, ttl)
  }
}

class ListsTheExpired extends ReferenceCache {
  override async *scan(): AsyncIterable<string> {
    yield* this.entries.keys()
  }
}

class ListsAHundred extends ReferenceCache {
  protected override matching(pattern: string): string[] {
    return super.matching(pattern).slice(0, 100)
  }
}

class CountsWhatDidNotMatch extends ReferenceCache {
  override async invalidatePattern(pattern: string): Promise<number> {
    const before = this.entries.size
    await super.invalidatePattern(pattern)
    return before
  }
}

class ClearsWithoutCounting extends ReferenceCache {
  override async clear(): Promise<number> {
    await super.clear()
    return 0
  }
}

class TakesAnyPattern extends ReferenceCache {
  override async invalidatePattern(pattern: string): Promise<number> {
    const isPattern = typeof pattern === 'string' && pattern.length > 0
    return super.invalidatePattern(isPattern ? pattern.slice(0, 1_024) : '*')
  }
}

class TakesPatternsForPrefixes extends ReferenceCache {
  protected override matching(pattern: string): string[] {
    compileGlob(pattern)
    const [prefix = ''] = pattern.split(/[*?[]/, 1)
    return super.matching('*').filter((key) => key.startsWith(prefix))
  }
}

class HoldsTen extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, plan)
    const [oldest] = this.entries.keys()
    if (this.entries.size > 10 && oldest !== undefined) this.entries.delete(oldest)
  }
}

testBrokenCaches([
  FirstWriteWins,
  TakesNullForAMiss,
  AnswersNullForAMiss,
  TakesUndefinedForNull,
  TakesAColonForAnUnderscore,
  AlwaysSaysDeleted,
  StoresJson,
  CutsTexts,
  FlattensContents,
  TakesFalsyForNull,
  ThrowsAtOnce,
  RefusesLongKeys,
  ListsTheExpired,
  ListsAHundred,
  CountsWhatDidNotMatch,
  ClearsWithoutCounting,
  TakesAnyPattern,
  TakesPatternsForPrefixes,
  HoldsTen,
])
