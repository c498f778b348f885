import { describe, expect } from 'vitest'
import type { CacheInterface } from '../cache-interface.js'
import type { Ttl } from '../duration.js'
import { MAX_KEY_BYTES } from '../key.js'
import type { SetOptions } from '../set-options.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { refuses } from './refusal.js'

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
  '36501d',
  true,
  [5],
]

export function argumentTests(contract: CacheContract): void {
  describe('bad arguments are refused and change nothing', () => {
    keyTests(contract)
    lifeAndValueTests(contract)
    batchTests(contract)
    if (promises(contract, 'scan')) patternTests(contract)
  })
}

function keyTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('keys', async (cache) => {
    for (const bad of BAD_KEYS as readonly string[]) {
      for (const call of callsWith(cache, bad)) await refuses(call, 'INVALID_KEY')
      if (promises(contract, 'getTtl')) await refuses(() => cache.getTtl(bad), 'INVALID_KEY')
    }
    expect(await cache.exists('fine')).toBe(false)
    if (promises(contract, 'scan')) expect(await cache.clear()).toBe(0)
  })

  test('a key of the longest length is taken', async (cache) => {
    const longest = '😀'.repeat(MAX_KEY_BYTES / 4)
    await cache.set(longest, 'value')
    expect(await cache.get(longest)).toBe('value')
  })
}

function callsWith(cache: CacheInterface, key: string): (() => Promise<unknown>)[] {
  return [
    () => cache.get(key),
    () => cache.set(key, 'value'),
    () => cache.delete(key),
    () => cache.exists(key),
    () => cache.getOrSet(key, () => 'value'),
    () => cache.getMany(['fine', key]),
    () => cache.setMany([[key, 'value']]),
    () => cache.deleteMany([key]),
  ]
}

function lifeAndValueTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('lives', async (cache) => {
    await cache.set('key', 'before')
    for (const bad of BAD_TTLS as readonly Ttl[]) {
      await refuses(() => cache.set('key', 'after', bad), 'INVALID_TTL')
      await refuses(() => cache.set('key', 'after', { ttl: bad }), 'INVALID_TTL')
      await refuses(() => cache.setMany([['key', 'after']], bad), 'INVALID_TTL')
      await refuses(() => cache.getOrSet('new', () => 'value', { ttl: bad }), 'INVALID_TTL')
    }
    const nested: unknown = { ttl: { ttl: '5m' } }
    await refuses(() => cache.set('key', 'after', nested as SetOptions), 'INVALID_TTL')
    expect(await cache.get('key')).toBe('before')
    expect(await cache.exists('new')).toBe(false)
  })

  test('undefined as a value', async (cache) => {
    await cache.set('key', 'before')
    await refuses(() => cache.set('key', undefined), 'INVALID_VALUE')
    await refuses(() => cache.getOrSet('new', () => undefined), 'INVALID_VALUE')
    expect(await cache.get('key')).toBe('before')
    expect(await cache.exists('new')).toBe(false)
  })
}

function batchTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a batch with one bad part', async (cache) => {
    await cache.set('key', 'before')
    const setMany = (key: string, value: unknown, ttl?: Ttl): (() => Promise<void>) => {
      const entries: [key: string, value: unknown][] = [
        ['key', 'after'],
        ['new', 'value'],
        [key, value],
      ]
      return () => cache.setMany(entries, ttl)
    }
    await refuses(setMany('', 'value'), 'INVALID_KEY')
    await refuses(setMany('other', undefined), 'INVALID_VALUE')
    await refuses(setMany('other', 'value', 0), 'INVALID_TTL')
    await refuses(() => cache.deleteMany(['key', '']), 'INVALID_KEY')
    expect(await cache.getMany(['key', 'new', 'other'])).toEqual(new Map([['key', 'before']]))
  })
}

function patternTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('patterns', async (cache) => {
    await cache.set('key', 'value')
    for (const bad of ['', 42, null, '*'.repeat(1_025)] as readonly string[]) {
      await refuses(() => cache.invalidatePattern(bad), 'INVALID_PATTERN')
    }
    expect(await cache.get('key')).toBe('value')
  })
}
