import { type CacheContract, cacheTest } from './contract.js'
import { describe, expect } from './test-runner.js'

export function batchTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('several keys at once', () => {
    test('getMany omits misses and returns falsy values', async (cache) => {
      await cache.setMany<unknown>([
        ['a', 0],
        ['b', null],
        ['c', ''],
        ['d', false],
      ])
      const keys = ['a', 'absent', 'b', 'c', 'd']
      expect(await cache.getMany(keys)).toEqual(
        new Map<string, unknown>([
          ['a', 0],
          ['b', null],
          ['c', ''],
          ['d', false],
        ]),
      )
    })

    test('setMany sets the TTL of every entry', async (cache) => {
      await cache.setMany(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
        '100ms',
      )
      await contract.advance(150)
      expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
    })

    test('setMany accepts any iterable', async (cache) => {
      const entries = function* (): Iterable<[key: string, value: number]> {
        yield ['a', 1]
        yield ['b', 2]
      }
      await cache.setMany(entries())
      expect(await cache.getMany(['a', 'b'])).toEqual(new Map(entries()))
    })

    test('setMany stores the last value of a key that occurs twice', async (cache) => {
      await cache.setMany([
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ])
      const expected = new Map([
        ['a', 3],
        ['b', 2],
      ])
      expect(await cache.getMany(['a', 'b', 'a'])).toEqual(expected)
    })

    test('deleteMany counts each entry once', async (cache) => {
      await cache.setMany([
        ['a', 1],
        ['b', 2],
      ])
      expect(await cache.deleteMany(['a', 'a', 'b', 'absent'])).toBe(2)
      expect(await cache.deleteMany(['a', 'b'])).toBe(0)
    })

    test('an empty batch is accepted', async (cache) => {
      await cache.set('key', 'value')
      await cache.setMany([])
      expect(await cache.getMany([])).toEqual(new Map())
      expect(await cache.deleteMany([])).toBe(0)
      expect(await cache.get('key')).toBe('value')
    })

    test('a batch can have a thousand keys', async (cache) => {
      const entries = Array.from({ length: 1_000 }, (_, index) => [`key:${index}`, index] as const)
      const keys = entries.map(([key]) => key)
      await cache.setMany(entries)
      expect(await cache.getMany(keys)).toEqual(new Map(entries))
      expect(await cache.deleteMany(keys)).toBe(1_000)
      expect(await cache.getMany(keys)).toEqual(new Map())
    })
  })
}
