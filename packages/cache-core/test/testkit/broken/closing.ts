import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class ClosesOnce extends ReferenceCache {
  #isClosed = false

  override async close(): Promise<void> {
    // Each test closes its cache at its end, and only some tests have closed it before.
    if (this.#isClosed) throw new Error('it is closed')
    this.#isClosed = true
  }
}

class FailsLoadsAfterClose extends ReferenceCache {
  #isClosed = false

  override async close(): Promise<void> {
    this.#isClosed = true
  }

  override async getOrSet<T>(...args: Parameters<ReferenceCache['getOrSet']>): Promise<T> {
    const value = await super.getOrSet(...args)
    if (this.#isClosed) throw new Error('it is closed')
    return value as T
  }
}

testBrokenCaches([ClosesOnce, FailsLoadsAfterClose])
