import { type CacheContract, cacheTest, promises } from '../contract.js'
import { expectGone, expectThere } from '../presence.js'
import { expect } from '../test-runner.js'
import { makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function visibilityTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('are gone for every way of asking but getOrSet', async (cache) => {
    await makeStale(contract, cache, 'key')
    await expectGone(contract, cache, 'key')
    // They were held all the while, or there would have been nothing to hide.
    expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('stale')
  })

  test('are removed like others, and not counted', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.delete('key')).toBe(false)
    await makeStale(contract, cache, 'key')
    expect(await cache.deleteMany(['key'])).toBe(0)
  })

  if (promises(contract, 'scan')) {
    test('are removed with others by a pattern, and not counted', async (cache) => {
      await makeStale(contract, cache, 'key:1')
      await cache.set('key:2', 'fresh')
      expect(await cache.invalidatePattern('key:*')).toBe(1)
      await makeStale(contract, cache, 'key:1')
      expect(await cache.clear()).toBe(0)
    })
  }

  test('are not handed to a call that takes none', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    await expect(cache.getOrSet('key', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await cache.getOrSet('key', () => 'new')).toBe('new')
    await expectThere(contract, cache, 'key', 'new')
  })

  test('are not handed out past the time that the call grants', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failing = (): Promise<string> => Promise.reject(new Error('the source is down'))
    await expect(cache.getOrSet('key', failing, { staleIfError: '10ms' })).rejects.toThrow()
    const short = { ...WHILE_REVALIDATING, staleWhileRevalidate: '10ms' } as const
    expect(await cache.getOrSet('key', () => 'new', short)).toBe('new')
  })

  test('are forgotten when the key is written', async (cache) => {
    await makeStale(contract, cache, 'key')
    await cache.set('key', 'written', '20ms')
    await contract.advance(40)
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).not.toBe('stale')
  })
}
