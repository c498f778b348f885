import { removals, tagged } from '../changes.js'
import { type CacheContract, cacheTest, promises } from '../contract.js'
import { expectGone, expectThere } from '../expectations.js'
import { expect } from '../test-runner.js'
import { settle, slowLoad } from '../waiting.js'
import { makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function visibilityTests(contract: CacheContract): void {
  readTests(contract)
  removalTests(contract)
}

function readTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a stale value is visible to getOrSet only', async (cache) => {
    await makeStale(contract, cache, 'key')
    await expectGone(contract, cache, 'key')
    // Shows that the value was retained, so that the test proves something.
    expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('stale')
  })

  test('a stale value is removed and not counted', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.delete('key')).toBe(false)
    await makeStale(contract, cache, 'key')
    expect(await cache.deleteMany(['key'])).toBe(0)
  })

  if (promises(contract, 'scan')) {
    test('a stale value is removed by a pattern and not counted', async (cache) => {
      await makeStale(contract, cache, 'key:1')
      await cache.set('key:2', 'fresh')
      expect(await cache.invalidatePattern('key:*')).toBe(1)
      await makeStale(contract, cache, 'key:1')
      expect(await cache.clear()).toBe(0)
    })
  }

  test('a stale value is not returned to a call without an option for it', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    await expect(cache.getOrSet('key', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await cache.getOrSet('key', () => 'new')).toBe('new')
    await expectThere(contract, cache, 'key', 'new')
  })

  test('a stale value is not returned after the time in the options of the call', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failing = (): Promise<string> => Promise.reject(new Error('the source is down'))
    await expect(cache.getOrSet('key', failing, { staleIfError: '10ms' })).rejects.toThrow()
    const short = { ...WHILE_REVALIDATING, staleWhileRevalidate: '10ms' } as const
    expect(await cache.getOrSet('key', () => 'new', short)).toBe('new')
  })

  test('a write replaces a stale value', async (cache) => {
    await makeStale(contract, cache, 'key')
    await cache.set('key', 'written', '20ms')
    await contract.advance(40)
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).not.toBe('stale')
  })
}

function removalTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [removal, remove] of removals(contract)) {
    test(`a stale value is not served after ${removal}`, async (cache) => {
      await makeStale(contract, cache, 'key', tagged(contract, 'key'))
      await remove(cache, 'key')
      expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('new')
    })

    test(`a refresh in flight does not store its value after ${removal}`, async (cache) => {
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
