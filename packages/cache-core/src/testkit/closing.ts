import { type CacheContract, cacheTest } from './contract.js'
import { reasonOf } from './expectations.js'
import { describe, expect } from './test-runner.js'
import { settle, slowLoad } from './waiting.js'

export function closingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('closing', () => {
    test('a cache can be closed twice', async (cache) => {
      await cache.set('key', 'value')
      await cache.close()
      expect(await cache.close()).toBeUndefined()
    })

    test('a cache is closed at the end of its block, and can be closed before', async (cache) => {
      await cache.set('key', 'value')
      await cache[Symbol.asyncDispose]()
      await cache.close()
      expect(await cache[Symbol.asyncDispose]()).toBeUndefined()
    })

    test('a load that ends after close reaches its callers without another effect', async (cache) => {
      const answered = await slowLoad(cache, 'answered', 'value')
      const failed = await slowLoad(cache, 'failed', 'value')
      await cache.close()
      const failure = new Error('the source is down')
      const refusal = reasonOf(failed.answer)
      answered.finish()
      failed.fail(failure)
      expect(await answered.answer).toBe('value')
      expect(await refusal).toBe(failure)
      // What is thrown in the background fails the run.
      await settle(contract)
      await cache.close()
    })
  })
}
