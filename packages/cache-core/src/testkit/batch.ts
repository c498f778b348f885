import { describe, expect } from 'vitest'
import { type CacheContract, cacheTest } from './contract.js'

export function batchTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('several keys at once', () => {
    test('getMany leaves misses out and keeps falsy values', async (cache) => {
      await cache.setMany([
        ['a', 0],
        ['b', null],
      ])
      expect(await cache.getMany(['a', 'absent', 'b'])).toEqual(
        new Map<string, unknown>([
          ['a', 0],
          ['b', null],
        ]),
      )
      expect(await cache.getMany([])).toEqual(new Map())
    })

    test('setMany gives every entry the same life', async (cache) => {
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

    test('deleteMany counts what was there, once', async (cache) => {
      await cache.setMany([
        ['a', 1],
        ['b', 2],
      ])
      expect(await cache.deleteMany(['a', 'a', 'b', 'absent'])).toBe(2)
      expect(await cache.deleteMany(['a', 'b'])).toBe(0)
    })
  })
}
