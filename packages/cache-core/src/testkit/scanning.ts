import { escapeGlob } from '../glob.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { listed } from './expectations.js'
import { describe, expect } from './test-runner.js'

export function scanningTests(contract: CacheContract): void {
  if (!promises(contract, 'scan')) return
  const test = cacheTest(contract)

  describe('many keys', () => {
    test('scan lists every key once', async (cache) => {
      const keys = Array.from({ length: 500 }, (_, index) => `key:${index}`)
      await cache.setMany(keys.map((key) => [key, key]))
      expect((await listed(cache)).toSorted()).toEqual(keys.toSorted())
    })

    test('scan accepts a glob', async (cache) => {
      await cache.setMany(['cat', 'cot', 'cart', 'dog', 'c*t'].map((key) => [key, key]))
      expect((await listed(cache, 'c?t')).toSorted()).toEqual(['c*t', 'cat', 'cot'])
      expect((await listed(cache, 'c[ao]t')).toSorted()).toEqual(['cat', 'cot'])
      expect((await listed(cache, 'c*t')).toSorted()).toEqual(['c*t', 'cart', 'cat', 'cot'])
      expect(await listed(cache, escapeGlob('c*t'))).toEqual(['c*t'])
    })

    test('invalidatePattern removes and counts the matching keys', async (cache) => {
      await cache.setMany(['user:1', 'user:2', 'user_3', 'order:1'].map((key) => [key, key]))
      expect(await cache.invalidatePattern('user:*')).toBe(2)
      expect((await listed(cache)).toSorted()).toEqual(['order:1', 'user_3'])
      expect(await cache.get('user:1')).toBeUndefined()
    })

    test('clear removes and counts all keys', async (cache) => {
      await cache.setMany(['a', 'b', 'c'].map((key) => [key, key]))
      expect(await cache.clear()).toBe(3)
      expect(await listed(cache)).toEqual([])
      expect(await cache.get('a')).toBeUndefined()
    })

    test('an expired key is neither listed nor counted', async (cache) => {
      await cache.setMany(
        ['short:1', 'short:2'].map((key) => [key, key]),
        '100ms',
      )
      await cache.set('long', 1)
      await contract.advance(150)
      expect(await listed(cache)).toEqual(['long'])
      expect(await cache.invalidatePattern('short:1')).toBe(0)
      expect(await cache.clear()).toBe(1)
    })
  })
}
