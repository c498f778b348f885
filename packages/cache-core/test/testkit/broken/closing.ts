import type { StorePlan } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class ClosesOnce extends ReferenceCache {
  #isClosed = false

  override async close(): Promise<void> {
    // Each test closes its cache once more, and only some of them had closed it.
    if (this.#isClosed) throw new Error('it is closed')
    this.#isClosed = true
  }
}

class FailsLoadsAfterClose extends ReferenceCache {
  #isClosed = false

  override async close(): Promise<void> {
    this.#isClosed = true
  }

  protected override store(key: string, value: unknown, plan: StorePlan): void {
    if (this.#isClosed) throw new Error('it is closed')
    super.store(key, value, plan)
  }
}

testBrokenCaches([ClosesOnce, FailsLoadsAfterClose])
