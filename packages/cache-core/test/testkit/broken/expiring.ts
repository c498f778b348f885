import { type StorePlan, toMilliseconds } from '../../../src/implement.js'
import type { SetOptions, Ttl } from '../../../src/index.js'
import { type Entry, ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

/** A cache that changes each TTL before it stores the value. */
abstract class ChangesTtl extends ReferenceCache {
  protected abstract changed(ttlMs: number): number

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, ttlMs: this.changed(plan.ttlMs) })
  }
}

class IgnoresTtl extends ChangesTtl {
  protected changed(): number {
    return Number.POSITIVE_INFINITY
  }
}

class RoundsTtlUpToSeconds extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return Math.ceil(ttlMs / 1_000) * 1_000
  }
}

class RoundsTtlToTenths extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return Math.max(100, Math.round(ttlMs / 100) * 100)
  }
}

class OverflowsLongTtl extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return ttlMs > 2 ** 31 - 1 && Number.isFinite(ttlMs) ? 1 : ttlMs
  }
}

class ExpiresPermanentEntriesAfterADay extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return Number.isFinite(ttlMs) ? ttlMs : 86_400_000
  }
}

class HasADefaultOfFiveSeconds extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return ttlMs === this.defaultTtlMs ? 5_000 : ttlMs
  }
}

class HasADefaultOfAnInstant extends ReferenceCache {
  override set<T>(key: string, value: T, ttl: Ttl | SetOptions = '1ms'): Promise<void> {
    return super.set(key, value, ttl)
  }
}

class ExpiresAtTheExactEnd extends ReferenceCache {
  protected override fresh(key: string): Entry | undefined {
    const entry = super.fresh(key)
    return entry?.expiresAt === this.clock.now() ? undefined : entry
  }
}

class ExpiresAMillisecondLate extends ChangesTtl {
  protected changed(ttlMs: number): number {
    return ttlMs + 1
  }
}

class KeepsTheFirstTtl extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    const before = this.entries.get(key)?.expiresAt
    const ttlMs = before === undefined ? plan.ttlMs : before - this.clock.now()
    super.store(key, value, { ...plan, ttlMs })
  }
}

class KeepsTheLongerTtl extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    const leftMs = (this.entries.get(key)?.expiresAt ?? 0) - this.clock.now()
    super.store(key, value, { ...plan, ttlMs: Math.max(plan.ttlMs, leftMs) })
  }
}

/** Starts a timer for each entry, and never stops one. */
class RemovesByTime extends ReferenceCache {
  readonly #removeAt = new Map<number, string>()

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, plan)
    this.#removeAt.set(this.clock.now() + plan.ttlMs, key)
  }

  protected override fresh(key: string): Entry | undefined {
    for (const [time, name] of this.#removeAt) {
      if (time < this.clock.now() && name === key) this.entries.delete(key)
    }
    return super.fresh(key)
  }
}

class IgnoresSetOptions extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    return super.set(key, value, typeof ttl === 'object' && ttl !== null ? undefined : ttl)
  }
}

class AcceptsAnyTtl extends ReferenceCache {
  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    try {
      if (typeof ttl !== 'object') toMilliseconds(ttl ?? null)
      return super.set(key, value, ttl)
    } catch {
      return super.set(key, value)
    }
  }
}

class ReturnsTtlInMilliseconds extends ReferenceCache {
  override async getTtl(key: string): Promise<number | null | undefined> {
    const seconds = await super.getTtl(key)
    return typeof seconds === 'number' ? seconds * 1_000 : seconds
  }
}

class ReturnsTheWholeTtl extends ReferenceCache {
  override async getTtl(key: string): Promise<number | null | undefined> {
    const entry = (await super.getTtl(key)) === undefined ? undefined : this.entries.get(key)
    if (entry === undefined) return undefined
    return Number.isFinite(entry.expiresAt) ? entry.expiresAt / 1_000 : null
  }
}

class ReturnsInfinityForNoExpiry extends ReferenceCache {
  override async getTtl(key: string): Promise<number | null | undefined> {
    const left = await super.getTtl(key)
    return left === null ? Number.POSITIVE_INFINITY : left
  }
}

testBrokenCaches([
  IgnoresTtl,
  RoundsTtlUpToSeconds,
  RoundsTtlToTenths,
  OverflowsLongTtl,
  ExpiresPermanentEntriesAfterADay,
  HasADefaultOfFiveSeconds,
  HasADefaultOfAnInstant,
  ExpiresAtTheExactEnd,
  ExpiresAMillisecondLate,
  KeepsTheFirstTtl,
  KeepsTheLongerTtl,
  RemovesByTime,
  IgnoresSetOptions,
  AcceptsAnyTtl,
  ReturnsTtlInMilliseconds,
  ReturnsTheWholeTtl,
  ReturnsInfinityForNoExpiry,
])
