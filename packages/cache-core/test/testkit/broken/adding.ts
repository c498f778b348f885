import { timers } from '../../../src/implement.js'
import type { SetOptions, Ttl } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class AddsOverEntries extends ReferenceCache {
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    await super.add(key, value, ttl)
    await this.set(key, value, ttl)
    return true
  }
}

class NeverAdds extends ReferenceCache {
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    await super.add(key, value, ttl)
    await this.delete(key)
    return false
  }
}

class AddsWithoutOptions extends ReferenceCache {
  override async add<T>(key: string, value: T): Promise<boolean> {
    return super.add(key, value)
  }
}

class AddsBehindLoads extends ReferenceCache {
  #adding = false

  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    this.#adding = true
    const added = super.add(key, value, ttl)
    this.#adding = false
    return added
  }

  protected override fence(key: string): void {
    if (!this.#adding) super.fence(key)
  }
}

class AddsAfterAWhile extends ReferenceCache {
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    const isThere = await this.exists(key)
    await new Promise<void>((done) => timers.setImmediate(done))
    if (isThere) return super.add(key, value, ttl)
    await this.set(key, value, ttl)
    return true
  }
}

testBrokenCaches([AddsOverEntries, NeverAdds, AddsWithoutOptions, AddsBehindLoads, AddsAfterAWhile])
