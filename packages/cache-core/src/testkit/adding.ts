import { type CacheContract, cacheTest, promises } from './contract.js'
import { expectGone, expectThere } from './presence.js'
import { describe, expect } from './test-runner.js'
import { slowLoad } from './waiting.js'

export function addingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('add', () => {
    test('stores a value under a key that has no entry', async (cache) => {
      expect(await cache.add('key', 'first')).toBe(true)
      await expectThere(contract, cache, 'key', 'first')
    })

    test('changes nothing under a key that has an entry', async (cache) => {
      for (const value of ['value', null, 0, false, '']) {
        await cache.set('key', value)
        expect(await cache.add('key', 'another')).toBe(false)
        expect(await cache.get('key')).toBe(value)
      }
    })

    test('stores a value again after a delete or the end of a TTL', async (cache) => {
      await cache.set('deleted', 'first')
      await cache.delete('deleted')
      await cache.set('expired', 'first', '50ms')
      await contract.advance(100)
      for (const key of ['deleted', 'expired']) {
        expect(await cache.add(key, 'second')).toBe(true)
        await expectThere(contract, cache, key, 'second')
      }
    })

    test('gives the value its own TTL and leaves the TTL of an entry alone', async (cache) => {
      await cache.add('short', 'value', '100ms')
      await cache.add('also short', 'value', { ttl: 0.1 })
      await cache.set('long', 'value', '1h')
      await cache.add('long', 'value', '100ms')
      await contract.advance(150)
      for (const key of ['short', 'also short']) await expectGone(contract, cache, key)
      await expectThere(contract, cache, 'long', 'value')
    })

    test('keeps a value that is being loaded out if it stores one', async (cache) => {
      const load = await slowLoad(cache, 'key', 'loaded')
      expect(await cache.add('key', 'added')).toBe(true)
      load.finish()
      expect(await load.answer).toBe('loaded')
      expect(await cache.get('key')).toBe('added')
    })

    if (promises(contract, 'tags')) {
      test('gives the value its tags', async (cache) => {
        await cache.add('key', 'value', { tags: ['tag'] })
        await cache.invalidateTags(['tag'])
        await expectGone(contract, cache, 'key')
        expect(await cache.add('key', 'another')).toBe(true)
      })
    }

    if (promises(contract, 'atomicAdd')) {
      test('stores one of many values that are added at once', async (cache) => {
        const values = Array.from({ length: 50 }, (_, index) => `value ${index}`)
        const added = await Promise.all(values.map((value) => cache.add('key', value)))
        expect(added.filter(Boolean)).toHaveLength(1)
        expect(await cache.get('key')).toBe(values[added.indexOf(true)])
      })
    }
  })
}
