import { describe, expect } from 'vitest'
import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest } from './contract.js'

export function loadingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('getOrSet', () => {
    test('loads once, then answers from the cache', async (cache) => {
      let loads = 0
      const load = (): { loads: number } => ({ loads: ++loads })
      expect(await cache.getOrSet('key', load)).toEqual({ loads: 1 })
      expect(await cache.getOrSet('key', load)).toEqual({ loads: 1 })
    })

    test('keeps falsy values', async (cache) => {
      await cache.getOrSet('key', () => null)
      expect(await cache.getOrSet<unknown>('key', () => 'loaded again')).toBeNull()
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
      setTimeout(release.resolve, 20)
      expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']))
      expect(loads).toBe(1)
    })

    test('a failed load reaches every caller, is not stored, and can be tried again', async (cache) => {
      const failure = new Error('the source is down')
      const failing = (): Promise<string> => Promise.reject(failure)
      const callers = [cache.getOrSet('key', failing), cache.getOrSet('key', failing)]
      for (const caller of callers) await expect(caller).rejects.toBe(failure)
      expect(await cache.exists('key')).toBe(false)
      expect(await cache.getOrSet('key', () => 'value')).toBe('value')
    })

    test('gives the loaded value its life', async (cache) => {
      await cache.getOrSet('key', () => 'value', { ttl: '100ms' })
      await contract.advance(150)
      expect(await cache.get('key')).toBeUndefined()
    })

    for (const change of ['delete', 'deleteMany', 'clear', 'invalidatePattern'] as const) {
      test(`${change} during a load keeps the loaded value out`, async (cache) => {
        const { waiting, finish } = await slowLoad(cache, 'old')
        if (change === 'clear') await cache.clear()
        else if (change === 'deleteMany') await cache.deleteMany(['key'])
        else await cache[change]('key')
        const newcomer = cache.getOrSet('key', () => 'new')
        expect(await newcomer).toBe('new')
        finish()
        expect(await waiting).toBe('old')
        expect(await cache.get('key')).toBe('new')
      })
    }

    test('a write that is refused during a load changes nothing', async (cache) => {
      const { waiting, finish } = await slowLoad(cache, 'loaded')
      await expect(cache.set('key', 'written', -5)).rejects.toMatchObject({ code: 'INVALID_TTL' })
      await expect(cache.set('key', undefined)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      finish()
      expect(await waiting).toBe('loaded')
      expect(await cache.get('key')).toBe('loaded')
    })

    test('a write during a load is not overwritten by it', async (cache) => {
      const { waiting, finish } = await slowLoad(cache, 'loaded')
      await cache.set('key', 'written')
      finish()
      expect(await waiting).toBe('loaded')
      expect(await cache.get('key')).toBe('written')
    })
  })
}

/** Starts a load that has begun when this resolves and ends when told to. */
async function slowLoad(
  cache: CacheInterface,
  value: string,
): Promise<{ waiting: Promise<string>; finish: () => void }> {
  const begun = deferred()
  const release = deferred()
  const waiting = cache.getOrSet('key', async () => {
    begun.resolve()
    await release.promise
    return value
  })
  await begun.promise
  return { waiting, finish: release.resolve }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}
