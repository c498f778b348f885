import { type CacheContract, cacheTest, promises } from '../contract.js'
import { expectGone, expectThere } from '../expectations.js'
import { expect } from '../test-runner.js'
import { eventually, settle, slowLoad } from '../waiting.js'
import { makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function revalidationTests(contract: CacheContract): void {
  refreshTests(contract)
  changeTests(contract)
  earlyRefreshTests(contract)
}

function refreshTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a stale value is served at once with staleWhileRevalidate and loaded in the background', async (cache) => {
    await makeStale(contract, cache, 'key')
    const refresh = await slowLoad(cache, 'key', 'new', WHILE_REVALIDATING)
    expect(await refresh.answer).toBe('stale')
    await expectGone(contract, cache, 'key')
    refresh.finish()
    await eventually(() => cache.get('key'), 'new')
    expect(await cache.getOrSet('key', () => 'newer', WHILE_REVALIDATING)).toBe('new')
  })

  test('a value is served stale although its TTL was too short to return it fresh', async (cache) => {
    await cache.getOrSet('key', () => 'stale', { ttl: '1ms', staleWhileRevalidate: '1h' })
    await contract.advance(30)
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new', WHILE_REVALIDATING)).toBe('stale')
  })

  test('a stale value is loaded once for any number of callers', async (cache) => {
    await makeStale(contract, cache, 'key')
    let loads = 0
    const load = async (): Promise<string> => {
      loads++
      await settle(contract)
      return 'new'
    }
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('key', load, WHILE_REVALIDATING))
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['stale']))
    await eventually(() => cache.get('key'), 'new')
    expect(loads).toBe(1)
  })

  test('a refresh uses the TTL of its call', async (cache) => {
    await makeStale(contract, cache, 'key')
    const options = { ...WHILE_REVALIDATING, ttl: '50ms' } as const
    expect(await cache.getOrSet('key', () => 'new', options)).toBe('stale')
    await settle(contract)
    await contract.advance(60)
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'newer', WHILE_REVALIDATING)).toBe('new')
  })

  if (promises(contract, 'tags')) {
    test('a refresh uses the tags of its call', async (cache) => {
      await makeStale(contract, cache, 'key', { tags: ['old'] })
      const options = { ...WHILE_REVALIDATING, tags: ['new'] }
      expect(await cache.getOrSet('key', () => 'new', options)).toBe('stale')
      await eventually(() => cache.get('key'), 'new')
      await cache.invalidateTags(['old'])
      await expectThere(contract, cache, 'key', 'new')
      await cache.invalidateTags(['new'])
      await expectGone(contract, cache, 'key')
    })
  }
}

function changeTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const change of ['set', 'setMany', 'delete'] as const) {
    test(`${change} during a refresh fences it`, async (cache) => {
      await makeStale(contract, cache, 'key')
      const refresh = await slowLoad(cache, 'key', 'loaded', WHILE_REVALIDATING)
      if (change === 'set') await cache.set('key', 'written')
      else if (change === 'setMany') await cache.setMany([['key', 'written']])
      else await cache.delete('key')
      refresh.finish()
      await settle(contract)
      expect(await cache.get('key')).toBe(change === 'delete' ? undefined : 'written')
    })
  }
}

function earlyRefreshTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('earlyRefresh loads a value again before it is stale, and serves the old one', async (cache) => {
    // With a load of 50 ms and an eagerness of 100, one hit in three starts a load.
    const options = { ttl: '5s', earlyRefresh: 100 } as const
    const slowly = async (): Promise<string> => {
      await contract.advance(50)
      return 'first'
    }
    await cache.getOrSet('key', slowly, options)
    let loads = 0
    const again = (): string => `value ${++loads}`
    const values: string[] = []
    for (let hit = 0; hit < 200; hit++) values.push(await cache.getOrSet('key', again, options))
    expect(values[0]).toBe('first')
    // No load in 200 hits has a chance of 1 in 10^39. A refresh takes no time, so it is not refreshed early.
    expect(loads).toBeGreaterThan(0)
    expect(loads).toBeLessThan(10)
  })
}
