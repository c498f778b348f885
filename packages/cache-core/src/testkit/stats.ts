import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest, promises, type ReadCounts } from './contract.js'
import { listed, unreachable } from './expectations.js'
import { describe, expect } from './test-runner.js'

export function statsTests(contract: CacheContract): void {
  if (contract.stats === undefined) return
  const test = cacheTest(contract)
  const counts = (cache: CacheInterface): ReadCounts =>
    contract.stats?.(cache) ?? unreachable('the contract has no stats')

  describe('hits and misses', () => {
    test('a new cache has no hits, no misses and no hit rate', (cache) => {
      expect(counts(cache)).toMatchObject({ hits: 0, misses: 0 })
      expect(counts(cache).hitRate, 'a rate of no reads is not known').toBeUndefined()
    })

    test('hits and misses are counted for each key, with the hit rate in percent', async (cache) => {
      await cache.setMany(['a', 'b'].map((key) => [key, key]))
      for (let read = 0; read < 5; read++) await cache.get('a')
      for (let read = 0; read < 2; read++) await cache.get('absent')
      expect(counts(cache)).toMatchObject({ hits: 5, misses: 2 })
      await cache.getMany(['a', 'b', 'absent', 'absent as well'])
      expect(counts(cache)).toMatchObject({ hits: 7, misses: 4 })
      expect(counts(cache).hitRate).toBeCloseTo((100 * 7) / 11, 6)
    })

    test('each getOrSet counts as one read', async (cache) => {
      await cache.getOrSet('key', () => 'value')
      expect(counts(cache)).toMatchObject({ hits: 0, misses: 1 })
      for (let read = 0; read < 3; read++) await cache.getOrSet('key', () => 'value')
      expect(counts(cache)).toMatchObject({ hits: 3, misses: 1 })
    })

    test('methods that do not read count neither hits nor misses', async (cache) => {
      await cache.set('key', 'value')
      for (const key of ['key', 'absent']) {
        await cache.exists(key)
        if (promises(contract, 'getTtl')) await cache.getTtl(key)
        await cache.delete(key)
      }
      await expect(cache.get('')).rejects.toThrow()
      if (promises(contract, 'tags')) await cache.invalidateTags(['tag'])
      if (promises(contract, 'scan')) {
        await listed(cache)
        await cache.clear()
      }
      expect(counts(cache)).toMatchObject({ hits: 0, misses: 0 })
    })

    test('an expired value counts as a miss', async (cache) => {
      await cache.set('key', 'value', '20ms')
      await contract.advance(50)
      await cache.get('key')
      expect(counts(cache)).toMatchObject({ hits: 0, misses: 1, hitRate: 0 })
    })
  })
}
