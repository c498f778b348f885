import { type CacheContract, cacheTest, promises } from './contract.js'
import { expectGone, expectThere } from './expectations.js'
import { describe, expect } from './test-runner.js'
import { slowLoad } from './waiting.js'

export function addingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('add', () => {
    test('add stores a value under a key without an entry', async (cache) => {
      expect(await cache.add('key', 'first')).toBe(true)
      await expectThere(contract, cache, 'key', 'first')
    })

    test('add changes nothing under a key with an entry', async (cache) => {
      for (const value of ['value', null, 0, false, '']) {
        await cache.set('key', value)
        expect(await cache.add('key', 'another')).toBe(false)
        expect(await cache.get('key')).toBe(value)
      }
    })

    test('add stores a value after a delete and after the TTL', async (cache) => {
      await cache.set('deleted', 'first')
      await cache.delete('deleted')
      await cache.set('expired', 'first', '50ms')
      await contract.advance(100)
      for (const key of ['deleted', 'expired']) {
        expect(await cache.add(key, 'second')).toBe(true)
        await expectThere(contract, cache, key, 'second')
      }
    })

    test('add sets the TTL of its value and does not change the TTL of an entry', async (cache) => {
      await cache.add('short', 'value', '100ms')
      await cache.add('also short', 'value', { ttl: 0.1 })
      await cache.set('long', 'value', '1h')
      await cache.add('long', 'value', '100ms')
      await contract.advance(150)
      for (const key of ['short', 'also short']) await expectGone(contract, cache, key)
      await expectThere(contract, cache, 'long', 'value')
    })

    test('add fences a load in flight if it stores its value', async (cache) => {
      const load = await slowLoad(cache, 'key', 'loaded')
      expect(await cache.add('key', 'added')).toBe(true)
      load.finish()
      expect(await load.answer).toBe('loaded')
      expect(await cache.get('key')).toBe('added')
    })

    if (promises(contract, 'tags')) {
      test('add sets the tags of its value', async (cache) => {
        await cache.add('key', 'value', { tags: ['tag'] })
        await cache.invalidateTags(['tag'])
        await expectGone(contract, cache, 'key')
        expect(await cache.add('key', 'another')).toBe(true)
      })
    }

    if (promises(contract, 'atomicAdd')) {
      test('add stores one of many values that are added at once', async (cache) => {
        const values = Array.from({ length: 50 }, (_, index) => `value ${index}`)
        const added = await Promise.all(values.map((value) => cache.add('key', value)))
        expect(added.filter(Boolean)).toHaveLength(1)
        expect(await cache.get('key')).toBe(values[added.indexOf(true)])
      })
    }
  })
}
