import { describe, expect } from 'vitest'
import type { Ttl } from '../duration.js'
import { ValidationError } from '../errors.js'
import { MAX_KEY_BYTES } from '../key.js'
import { type CacheContract, cacheTest } from './contract.js'

const BAD_KEYS: readonly unknown[] = [
  undefined,
  null,
  42,
  ['key', 'EX', '1'],
  {},
  '',
  '\ud800',
  'k'.repeat(MAX_KEY_BYTES + 1),
  '😀'.repeat(MAX_KEY_BYTES / 4 + 1),
]

const BAD_TTLS: readonly unknown[] = [
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e-9,
  1e12,
  '5',
  '5 m',
  '-5m',
  'soon',
  '0s',
  true,
  {},
  [5],
]

export function argumentTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  describe('bad arguments are refused and change nothing', () => {
    test('keys', async (cache) => {
      for (const bad of BAD_KEYS as readonly string[]) {
        for (const call of [
          () => cache.get(bad),
          () => cache.set(bad, 'value'),
          () => cache.delete(bad),
          () => cache.exists(bad),
          () => cache.getTtl(bad),
          () => cache.getOrSet(bad, () => 'value'),
          () => cache.getMany(['fine', bad]),
          () => cache.setMany([[bad, 'value']]),
          () => cache.deleteMany([bad]),
        ]) {
          await refuses(call, 'INVALID_KEY')
        }
      }
      expect(await cache.clear()).toBe(0)
    })

    test('a key of the longest length is taken', async (cache) => {
      const longest = '😀'.repeat(MAX_KEY_BYTES / 4)
      await cache.set(longest, 'value')
      expect(await cache.get(longest)).toBe('value')
    })

    test('lives', async (cache) => {
      await cache.set('key', 'before')
      for (const bad of BAD_TTLS as readonly Ttl[]) {
        await refuses(() => cache.set('key', 'after', bad), 'INVALID_TTL')
        await refuses(() => cache.getOrSet('new', () => 'value', { ttl: bad }), 'INVALID_TTL')
      }
      expect(await cache.get('key')).toBe('before')
      expect(await cache.exists('new')).toBe(false)
    })

    test('undefined as a value', async (cache) => {
      await cache.set('key', 'before')
      await refuses(() => cache.set('key', undefined), 'INVALID_VALUE')
      await refuses(() => cache.getOrSet('new', () => undefined), 'INVALID_VALUE')
      expect(await cache.get('key')).toBe('before')
    })

    test('patterns', async (cache) => {
      await cache.set('key', 'value')
      for (const bad of ['', 42, null, '*'.repeat(257)] as readonly string[]) {
        await refuses(() => cache.invalidatePattern(bad), 'INVALID_PATTERN')
      }
      expect(await cache.get('key')).toBe('value')
    })
  })
}

async function refuses(call: () => Promise<unknown>, code: string): Promise<void> {
  const refusal = await call().then(
    () => expect.unreachable('the call was accepted'),
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(ValidationError)
  expect(refusal).toMatchObject({ code })
}
