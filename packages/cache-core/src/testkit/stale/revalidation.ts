import { type CacheContract, cacheTest, promises } from '../contract.js'
import { expectGone, expectThere } from '../presence.js'
import { expect } from '../test-runner.js'
import { eventually, settle, slowLoad } from '../waiting.js'
import { makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function revalidationTests(contract: CacheContract): void {
  refreshTests(contract)
  changeTests(contract)
}

function refreshTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('are served at once with staleWhileRevalidate, and loaded anew meanwhile', async (cache) => {
    await makeStale(contract, cache, 'key')
    const refresh = await slowLoad(cache, 'key', 'new', WHILE_REVALIDATING)
    expect(await refresh.answer).toBe('stale')
    await expectGone(contract, cache, 'key')
    refresh.finish()
    await eventually(() => cache.get('key'), 'new')
    expect(await cache.getOrSet('key', () => 'newer', WHILE_REVALIDATING)).toBe('new')
  })

  test('are loaded anew once, however many are served them', async (cache) => {
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

  test('are loaded anew with the life that the call names', async (cache) => {
    await makeStale(contract, cache, 'key')
    const options = { ...WHILE_REVALIDATING, ttl: '50ms' } as const
    expect(await cache.getOrSet('key', () => 'new', options)).toBe('stale')
    await settle(contract)
    await contract.advance(60)
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'newer', WHILE_REVALIDATING)).toBe('new')
  })

  if (promises(contract, 'tags')) {
    test('are loaded anew with the tags that the call names', async (cache) => {
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
    test(`${change} while a value is loaded anew keeps that one out`, async (cache) => {
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
