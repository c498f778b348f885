import { type CacheContract, cacheTest } from './contract.js'
import { describe, expect } from './test-runner.js'

export function basicTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('reading, writing and deleting', () => {
    test('a key that was never set is a miss', async (cache) => {
      expect(await cache.get('absent')).toBeUndefined()
      expect(await cache.exists('absent')).toBe(false)
      expect(await cache.delete('absent')).toBe(false)
    })

    test('get returns a value that was set', async (cache) => {
      await cache.set('user:1', { name: 'Ada' })
      expect(await cache.get('user:1')).toEqual({ name: 'Ada' })
      expect(await cache.exists('user:1')).toBe(true)
    })

    test('the last write wins', async (cache) => {
      await cache.set('key', 'first')
      await cache.set('key', 'second')
      expect(await cache.get('key')).toBe('second')
    })

    test('a deleted key is a miss, and delete returns whether there was an entry', async (cache) => {
      await cache.set('key', 'value')
      expect(await cache.delete('key')).toBe(true)
      expect(await cache.get('key')).toBeUndefined()
      expect(await cache.delete('key')).toBe(false)
    })

    test('similar keys are different keys', async (cache) => {
      const keys = [
        'a',
        'A',
        'a ',
        ' a',
        'a:b',
        'a_b',
        'a|b',
        'é',
        'e\u0301',
        '😀',
        '\u0000',
        'a\n',
        '*',
        '__proto__',
        'constructor',
      ]
      for (const key of keys) expect(await cache.exists(key)).toBe(false)
      for (const key of keys) await cache.set(key, key)
      for (const key of keys) expect(await cache.get(key)).toBe(key)
    })
  })
}
