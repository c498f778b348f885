import { describe, expect } from 'vitest'
import { type CacheContract, cacheTest } from './contract.js'

export function lifetimeTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('entries live as long as they were told to', () => {
    test('an entry is gone after its life, in every way of asking', async (cache) => {
      await cache.set('short', 'value', '100ms')
      await cache.set('long', 'value', '1h')
      expect(await cache.get('short')).toBe('value')
      await contract.advance(150)
      expect(await cache.get('short')).toBeUndefined()
      expect(await cache.exists('short')).toBe(false)
      expect(await cache.getTtl('short')).toBeUndefined()
      expect(await cache.delete('short')).toBe(false)
      expect(await cache.get('long')).toBe('value')
    })

    test('a life in seconds keeps its fraction', async (cache) => {
      await cache.set('key', 'value', 0.1)
      expect(await cache.get('key')).toBe('value')
      await contract.advance(150)
      expect(await cache.get('key')).toBeUndefined()
    })

    test('writing again starts a new life', async (cache) => {
      await cache.set('key', 'first', '100ms')
      await cache.set('key', 'second', '1h')
      await contract.advance(150)
      expect(await cache.get('key')).toBe('second')
    })

    test('writing again may shorten a life', async (cache) => {
      await cache.set('key', 'first', '1h')
      await cache.set('key', 'second', '100ms')
      await contract.advance(150)
      expect(await cache.get('key')).toBeUndefined()
    })

    test('getTtl tells the seconds left', async (cache) => {
      await cache.set('key', 'value', '1h')
      const left = await cache.getTtl('key')
      expect(left).toBeGreaterThan(3_590)
      expect(left).toBeLessThanOrEqual(3_600)
    })

    test('null never expires', async (cache) => {
      await cache.set('key', 'value', null)
      await contract.advance(200)
      expect(await cache.get('key')).toBe('value')
      expect(await cache.getTtl('key')).toBeNull()
    })

    test('the default life is used when none is given', async (cache) => {
      await cache.set('key', 'value')
      expect(await cache.getTtl('key')).toBeGreaterThan(5)
    })
  })
}
