import { assertTags, type StorePlan } from '../../../src/implement.js'
import type { SetOptions, Ttl } from '../../../src/index.js'
import { type Entry, ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class IgnoresTags extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, tags: [] })
  }
}

class IgnoresTheTagsOfLoads extends ReferenceCache {
  protected override fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    return super.fill(key, value, { ...plan, tags: [] })
  }
}

class KeepsOldTags extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    const tags = [...(this.entries.get(key)?.tags ?? []), ...plan.tags]
    super.store(key, value, { ...plan, tags })
  }
}

/** Has an index of keys by tag that is not updated after a delete, a write or an expiry. */
class NeverCleansItsTagIndex extends ReferenceCache {
  readonly #keys = new Map<string, Set<string>>()

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, plan)
    for (const tag of plan.tags) this.#keys.set(tag, (this.#keys.get(tag) ?? new Set()).add(key))
  }

  override async invalidateTags(tags: readonly string[]): Promise<void> {
    await super.invalidateTags(tags)
    for (const tag of tags) for (const key of this.#keys.get(tag) ?? []) this.entries.delete(key)
  }
}

class InvalidatesBySubstring extends ReferenceCache {
  protected override carries(entry: Entry, tags: readonly string[]): boolean {
    return entry.tags.some((own) => tags.some((tag) => own.includes(tag)))
  }
}

class NeedsEveryTag extends ReferenceCache {
  protected override carries(entry: Entry, tags: readonly string[]): boolean {
    return entry.tags.length > 0 && entry.tags.every((tag) => tags.includes(tag))
  }
}

class TakesTagsForKeys extends ReferenceCache {
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    await super.invalidateTags(tags)
    for (const tag of tags) this.entries.delete(tag)
  }
}

/** Treats values that were stored at the time of an invalidation as older than it. */
class InvalidatesByTime extends ReferenceCache {
  readonly #invalidatedAt = new Map<string, number>()

  override async invalidateTags(tags: readonly string[]): Promise<void> {
    await super.invalidateTags(tags)
    for (const tag of tags) this.#invalidatedAt.set(tag, this.clock.now())
  }

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, plan)
    if (plan.tags.some((tag) => this.#invalidatedAt.get(tag) === this.clock.now())) {
      this.entries.delete(key)
    }
  }
}

/** Hides invalidated entries from reads only. */
class ListsTheInvalidated extends ReferenceCache {
  readonly #gone = new Set<string>()

  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.fenceTags(tags)
    for (const [key, entry] of this.entries) if (this.carries(entry, tags)) this.#gone.add(key)
  }

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#gone.has(key) ? undefined : super.get<T>(key)
  }

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, plan)
    this.#gone.delete(key)
  }
}

class InvalidatesAHundred extends ReferenceCache {
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    const remaining = [...this.entries].filter(([, entry]) => this.carries(entry, tags)).slice(100)
    await super.invalidateTags(tags)
    for (const [key, entry] of remaining) this.entries.set(key, entry)
  }
}

class TakesAnyTags extends ReferenceCache {
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    await super.invalidateTags(Array.isArray(tags) ? tags.slice(0, 1) : [])
  }
}

class KeepsTenTags extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, tags: plan.tags.slice(0, 10) })
  }
}

class KeepsTheListOfTags extends ReferenceCache {
  readonly #lists = new Map<string, readonly string[]>()

  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    await super.set(key, value, ttl)
    const isOptions = typeof ttl === 'object' && ttl !== null
    this.#lists.set(key, (isOptions ? ttl.tags : undefined) ?? [])
  }

  override async invalidateTags(tags: readonly string[]): Promise<void> {
    for (const [key, entry] of this.entries) {
      this.entries.set(key, { ...entry, tags: this.#lists.get(key) ?? entry.tags })
    }
    await super.invalidateTags(tags)
  }
}

class KeepsWhatIsTagged extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    const ttlMs = plan.tags.length > 0 ? Number.POSITIVE_INFINITY : plan.ttlMs
    super.store(key, value, { ...plan, ttlMs })
  }
}

class FencesNothingOnInvalidateTags extends ReferenceCache {
  protected override fenceTags(): void {}
}

class FencesTheFirstTagOnly extends ReferenceCache {
  protected override fenceTags(tags: readonly string[]): void {
    super.fenceTags(tags.slice(0, 1))
  }
}

class FencesEverythingOnInvalidateTags extends ReferenceCache {
  protected override fenceTags(): void {
    this.fenceAll()
  }
}

testBrokenCaches([
  IgnoresTags,
  IgnoresTheTagsOfLoads,
  KeepsOldTags,
  NeverCleansItsTagIndex,
  InvalidatesBySubstring,
  NeedsEveryTag,
  TakesTagsForKeys,
  InvalidatesByTime,
  ListsTheInvalidated,
  InvalidatesAHundred,
  TakesAnyTags,
  KeepsTenTags,
  KeepsTheListOfTags,
  KeepsWhatIsTagged,
  FencesNothingOnInvalidateTags,
  FencesTheFirstTagOnly,
  FencesEverythingOnInvalidateTags,
])
