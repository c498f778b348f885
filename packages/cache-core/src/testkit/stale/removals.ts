import { removals, tagged } from '../changes.js'
import { type CacheContract, cacheTest } from '../contract.js'
import { expectGone } from '../presence.js'
import { expect } from '../test-runner.js'
import { settle, slowLoad } from '../waiting.js'
import { makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function removalTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [removal, remove] of removals(contract)) {
    test(`are not served after ${removal}`, async (cache) => {
      await makeStale(contract, cache, 'key', tagged(contract, 'key'))
      await remove(cache, 'key')
      expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('new')
    })

    test(`are not brought back by a load that was under way at ${removal}`, async (cache) => {
      const options = { ...WHILE_REVALIDATING, ...tagged(contract, 'key') }
      await makeStale(contract, cache, 'key', options)
      const refresh = await slowLoad(cache, 'key', 'old', options)
      await remove(cache, 'key')
      refresh.finish()
      await settle(contract)
      await expectGone(contract, cache, 'key')
      expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('new')
    })
  }
}
