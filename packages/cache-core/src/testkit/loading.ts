import { removals, tagged } from './changes.js'
import { type CacheContract, cacheTest } from './contract.js'
import { expectGone } from './expectations.js'
import { describe, expect } from './test-runner.js'
import { deferred, settle, slowLoad } from './waiting.js'

export function loadingTests(contract: CacheContract): void {
  describe('getOrSet', () => {
    plainLoadTests(contract)
    changeDuringLoadTests(contract)
  })
}

function plainLoadTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getOrSet loads once and then returns the stored value', async (cache) => {
    let loads = 0
    const load = (): { loads: number } => ({ loads: ++loads })
    expect(await cache.getOrSet('key', load)).toEqual({ loads: 1 })
    expect(await cache.getOrSet('key', load)).toEqual({ loads: 1 })
    expect(await cache.get('key')).toEqual({ loads: 1 })
  })

  test('getOrSet stores falsy values', async (cache) => {
    for (const value of [null, 0, false, '']) {
      const key = `key of ${String(value)}`
      await cache.getOrSet<unknown>(key, () => value)
      expect(await cache.getOrSet<unknown>(key, () => 'loaded again')).toBe(value)
    }
  })

  test('a thousand callers at once cause one load', async (cache) => {
    let loads = 0
    const release = deferred()
    const callers = Array.from({ length: 1_000 }, () =>
      cache.getOrSet('key', async () => {
        loads++
        await release.promise
        return 'value'
      }),
    )
    await settle(contract)
    release.resolve()
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']))
    expect(loads).toBe(1)
  })

  test('loads of different keys do not wait for each other', async (cache) => {
    const slow = await slowLoad(cache, 'slow', 'at last')
    expect(await cache.getOrSet('quick', () => 'at once')).toBe('at once')
    slow.finish()
    expect(await slow.answer).toBe('at last')
  })

  test('a failed load reaches every caller, is not stored, and can be tried again', async (cache) => {
    const failure = new Error('the source is down')
    const atOnce = (): never => {
      throw failure
    }
    for (const failing of [atOnce, () => Promise.reject(failure)]) {
      const callers = [cache.getOrSet('key', failing), cache.getOrSet('key', failing)]
      const endings = await Promise.allSettled(callers)
      expect(endings.map((ending) => ending.status === 'rejected' && ending.reason)).toEqual([
        failure,
        failure,
      ])
      await expectGone(contract, cache, 'key')
    }
    expect(await cache.getOrSet('key', () => 'value')).toBe('value')
  })

  test('getOrSet rejects a loader that requests its own key', async (cache) => {
    const ownKey = async (): Promise<string> => {
      await settle(contract)
      return cache.getOrSet('key', () => 'inner')
    }
    const through = (): Promise<string> => cache.getOrSet('other', ownKey)
    for (const load of [ownKey, through]) {
      await expect(cache.getOrSet('key', load)).rejects.toMatchObject({ code: 'LOAD_CYCLE' })
    }
    expect(await cache.getOrSet('key', () => 'value')).toBe('value')
  })

  test('getOrSet sets the TTL of the loaded value', async (cache) => {
    await cache.getOrSet('key', () => 'value', { ttl: '100ms' })
    await contract.advance(150)
    await expectGone(contract, cache, 'key')
  })
}

function changeDuringLoadTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [change, remove] of removals(contract)) {
    test(`${change} during a load fences it`, async (cache) => {
      const load = await slowLoad(cache, 'key', 'old', tagged(contract, 'key'))
      await remove(cache, 'key')
      expect(await cache.getOrSet('key', () => 'new')).toBe('new')
      load.finish()
      expect(await load.answer).toBe('old')
      expect(await cache.get('key')).toBe('new')
    })
  }

  test('a load does not overwrite a write during it', async (cache) => {
    for (const write of ['set', 'setMany'] as const) {
      const load = await slowLoad(cache, write, 'loaded')
      if (write === 'set') await cache.set(write, 'written')
      else await cache.setMany([[write, 'written']])
      load.finish()
      expect(await load.answer).toBe('loaded')
      expect(await cache.get(write)).toBe('written')
    }
  })

  test('a rejected write during a load has no effect', async (cache) => {
    const load = await slowLoad(cache, 'key', 'loaded')
    await expect(cache.set('key', 'written', -5)).rejects.toMatchObject({ code: 'INVALID_TTL' })
    await expect(cache.set('key', undefined)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    load.finish()
    expect(await load.answer).toBe('loaded')
    expect(await cache.get('key')).toBe('loaded')
  })

  test('a change of another key during a load has no effect', async (cache) => {
    const load = await slowLoad(cache, 'key', 'loaded')
    await cache.set('another', 'written')
    await cache.delete('another')
    load.finish()
    expect(await load.answer).toBe('loaded')
    expect(await cache.get('key')).toBe('loaded')
  })
}
