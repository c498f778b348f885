import type { LookupResult, ReadPlan } from '../../../src/implement.js'
import type { CacheOperation, OperationOutcome, SetOptions, Ttl } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class ObservesReadsOnly extends ReferenceCache {
  protected override observe(
    operation: CacheOperation,
    outcome: OperationOutcome,
    startedAt: number,
  ): void {
    if (operation === 'get') super.observe(operation, outcome, startedAt)
  }
}

class ObservesBatchesOnce extends ReferenceCache {
  #isReading = false

  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    try {
      return await super.getMany<T>(keys)
    } finally {
      this.#isReading = false
    }
  }

  protected override countRead(isHit: boolean, startedAt: number): void {
    if (this.#isReading) return
    super.countRead(isHit, startedAt)
    this.#isReading = true
    queueMicrotask(() => (this.#isReading = false))
  }
}

class CountsExistsAsARead extends ReferenceCache {
  override async exists(key: string): Promise<boolean> {
    const isThere = await super.exists(key)
    this.countRead(isThere, this.clock.now())
    return isThere
  }
}

class CountsGetOrSetTwice extends ReferenceCache {
  protected override async lookup<T>(
    key: string,
    plan?: ReadPlan,
  ): Promise<LookupResult<T> | undefined> {
    await this.get(key)
    return super.lookup<T>(key, plan)
  }
}

class ObservesRefusedCalls extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    this.observe('set', 'error', this.clock.now())
    return super.set(key, value, ttl)
  }
}

class CountsRefusedReads extends ReferenceCache {
  override async get<T>(key: string): Promise<T | undefined> {
    if (key === '') this.countRead(false, this.clock.now())
    return super.get<T>(key)
  }
}

class ObservesEachKeyOfAnInvalidation extends ReferenceCache {
  override async invalidatePattern(pattern: string): Promise<number> {
    for (const key of this.matching(pattern)) await this.delete(key)
    return super.invalidatePattern(pattern)
  }
}

class ReportsTimesThatAreNone extends ReferenceCache {
  protected override observe(operation: CacheOperation, outcome: OperationOutcome): void {
    super.observe(operation, outcome, Number.NaN)
  }
}

class ObservesItsClose extends ReferenceCache {
  override async close(): Promise<void> {
    this.observe('delete', 'ok', this.clock.now())
  }
}

class DividesByZero extends ReferenceCache {
  override getStats(): ReturnType<ReferenceCache['getStats']> {
    const { hits, misses } = super.getStats()
    return { hits, misses, hitRate: (hits / (hits + misses)) * 100 }
  }
}

class ReturnsItsRateAsAFraction extends ReferenceCache {
  override getStats(): ReturnType<ReferenceCache['getStats']> {
    const { hitRate, ...counts } = super.getStats()
    return { ...counts, ...(hitRate !== undefined && { hitRate: hitRate / 100 }) }
  }
}

testBrokenCaches([
  ObservesReadsOnly,
  ObservesBatchesOnce,
  CountsExistsAsARead,
  CountsGetOrSetTwice,
  ObservesRefusedCalls,
  CountsRefusedReads,
  ObservesEachKeyOfAnInvalidation,
  ReportsTimesThatAreNone,
  ObservesItsClose,
  DividesByZero,
  ReturnsItsRateAsAFraction,
])
