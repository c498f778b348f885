import type { CacheInterface } from '../cache-interface.js'
import type { Ttl } from '../duration.js'
import { MAX_KEY_BYTES } from '../key.js'
import type { SetOptions } from '../set-options.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { listed, reasonOf, refuses } from './expectations.js'
import { describe, expect } from './test-runner.js'

const BAD_KEYS: readonly unknown[] = [
  undefined,
  null,
  42,
  ['key', 'EX', '1'],
  {},
  true,
  Symbol('key'),
  new String('key'),
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
  [],
  new Date(),
  new Map([['ttl', 5]]),
  Promise.resolve(5),
  () => 5,
]

/** Values that are not a batch of keys. A string is iterable, but its characters are not keys. */
const NO_ARRAYS: readonly unknown[] = [
  undefined,
  null,
  'ab',
  42,
  {},
  { 0: 'a', length: 1 },
  new Set(['a', 'b']),
  new Map([['a', 'b']]),
  ['a', 'b'].values(),
]

/** Values that are not a batch of entries. */
const NO_ENTRIES: readonly unknown[] = [
  undefined,
  null,
  'ab',
  42,
  { a: 1 },
  ['ab'],
  [['a', 1], undefined],
  [['a']],
  [['a', 1, 2]],
  [{ 0: 'a', 1: 1 }],
  new Set(['a', 'b']),
]

const NO_FUNCTIONS: readonly unknown[] = [undefined, null, 5, 'value', {}, Promise.resolve(5)]

export function argumentTests(contract: CacheContract): void {
  describe('bad arguments', () => {
    keyTests(contract)
    ttlAndValueTests(contract)
    batchTests(contract)
    loaderTests(contract)
    optionTests(contract)
    if (promises(contract, 'scan')) patternTests(contract)
  })
}

function keyTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a bad key is rejected and changes nothing', async (cache) => {
    for (const bad of BAD_KEYS as readonly string[]) {
      for (const call of callsWith(cache, bad)) await refuses(call, 'INVALID_KEY')
      if (promises(contract, 'getTtl')) await refuses(() => cache.getTtl(bad), 'INVALID_KEY')
    }
    expect(await cache.exists('fine')).toBe(false)
    if (promises(contract, 'scan')) expect(await cache.clear()).toBe(0)
  })

  test('a key of the maximum length is accepted', async (cache) => {
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
    () => cache.add(key, 'value'),
    () => cache.getOrSet(key, () => 'value'),
    () => cache.getMany(['fine', key]),
    () => cache.setMany([[key, 'value']]),
    () => cache.deleteMany([key]),
  ]
}

function ttlAndValueTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a bad TTL is rejected and changes nothing', async (cache) => {
    await cache.set('key', 'before')
    for (const bad of BAD_TTLS as readonly Ttl[]) {
      await refuses(() => cache.set('key', 'after', bad), 'INVALID_TTL')
      await refuses(() => cache.set('key', 'after', { ttl: bad }), 'INVALID_TTL')
      await refuses(() => cache.add('key', 'after', bad), 'INVALID_TTL')
      await refuses(() => cache.add('new', 'value', bad), 'INVALID_TTL')
      await refuses(() => cache.setMany([['key', 'after']], bad), 'INVALID_TTL')
      // For getOrSet a function is a TTL that depends on the value.
      if (typeof bad === 'function') continue
      await refuses(() => cache.getOrSet('new', () => 'value', { ttl: bad }), 'INVALID_TTL')
    }
    const nested: unknown = { ttl: { ttl: '5m' } }
    await refuses(() => cache.set('key', 'after', nested as SetOptions), 'INVALID_TTL')
    expect(await cache.get('key')).toBe('before')
    expect(await cache.exists('new')).toBe(false)
  })

  test('undefined is rejected as a value and changes nothing', async (cache) => {
    await cache.set('key', 'before')
    await refuses(() => cache.set('key', undefined), 'INVALID_VALUE')
    for (const key of ['key', 'new']) {
      await refuses(() => cache.add(key, undefined), 'INVALID_VALUE')
    }
    await refuses(() => cache.getOrSet('new', () => undefined), 'INVALID_VALUE')
    expect(await cache.get('key')).toBe('before')
    expect(await cache.exists('new')).toBe(false)
  })
}

function batchTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a batch with one bad part is rejected and changes nothing', async (cache) => {
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
    await refuses(() => cache.getMany(['key', '']), 'INVALID_KEY')
    expect(await cache.getMany(['key', 'new', 'other'])).toEqual(new Map([['key', 'before']]))
  })

  test('getMany and deleteMany reject anything but an array of keys', async (cache) => {
    await cache.setMany(['a', 'b', 'ab'].map((key) => [key, key]))
    for (const bad of NO_ARRAYS as readonly string[][]) {
      await refuses(() => cache.getMany(bad), 'INVALID_ARGUMENT')
      await refuses(() => cache.deleteMany(bad), 'INVALID_ARGUMENT')
    }
    for (const bad of [[undefined], [['a']], Array(1)] as readonly string[][]) {
      await refuses(() => cache.getMany(bad), 'INVALID_KEY')
      await refuses(() => cache.deleteMany(bad), 'INVALID_KEY')
    }
    expect((await cache.getMany(['a', 'b', 'ab'])).size).toBe(3)
  })

  test('setMany rejects anything but pairs and stores nothing', async (cache) => {
    await cache.set('a', 'before')
    for (const bad of NO_ENTRIES as readonly [string, unknown][][]) {
      await refuses(() => cache.setMany(bad), 'INVALID_ARGUMENT')
    }
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['a', 'before']]))
  })
}

function loaderTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getOrSet rejects a loader that is not a function, on hits too', async (cache) => {
    await cache.set('there', 'value')
    for (const bad of NO_FUNCTIONS as readonly (() => string)[]) {
      for (const key of ['there', 'absent']) {
        await refuses(() => cache.getOrSet(key, bad), 'INVALID_ARGUMENT')
      }
    }
    expect(await cache.exists('absent')).toBe(false)
  })
}

function optionTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an unknown field of options is rejected with its name', async (cache) => {
    await cache.set('there', 'before')
    const options: object = { ttl: '5m', tagss: ['a'] }
    const timeout: object = { timeout: { soft: '1s', hart: '2s' } }
    const calls = [
      () => cache.set('there', 'after', options),
      () => cache.add('absent', 'after', options),
      () => cache.setMany([['there', 'after']], options),
      () => cache.getOrSet('there', () => 'after', options),
      () => cache.getOrSet('absent', () => 'after', options),
    ]
    for (const call of calls) {
      await refuses(call, 'INVALID_ARGUMENT')
      expect(String(await reasonOf(call()))).toContain('tagss')
    }
    const nested = (): Promise<string> => cache.getOrSet('there', () => 'after', timeout)
    await refuses(nested, 'INVALID_ARGUMENT')
    expect(String(await reasonOf(nested()))).toContain('hart')
    expect(await cache.getMany(['there', 'absent'])).toEqual(new Map([['there', 'before']]))
  })
}

function patternTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a bad pattern is rejected and changes nothing', async (cache) => {
    await cache.set('key', 'value')
    for (const bad of ['', 42, null, /./, ['*'], '*'.repeat(1_025)] as readonly string[]) {
      await refuses(() => cache.invalidatePattern(bad), 'INVALID_PATTERN')
      await refuses(() => listed(cache, bad), 'INVALID_PATTERN')
    }
    await refuses(() => cache.invalidatePattern(undefined as unknown as string), 'INVALID_PATTERN')
    expect(await cache.get('key')).toBe('value')
  })

  test('clear with an argument is rejected and removes nothing', async (cache) => {
    await cache.set('key', 'value')
    const clear = cache.clear.bind(cache) as (argument: unknown) => Promise<number>
    for (const bad of ['user:*', '', null, ['key'], { tenant: 'a' }, { prefix: 'user:' }]) {
      await refuses(() => clear(bad), 'INVALID_ARGUMENT')
    }
    expect(await cache.get('key')).toBe('value')
  })

  test('bad options of invalidatePattern are rejected and nothing is removed', async (cache) => {
    await cache.set('key', 'value')
    for (const bad of [{ raison: 'update' }, { reason: 42 }, 'update', null] as readonly object[]) {
      await refuses(() => cache.invalidatePattern('*', bad), 'INVALID_ARGUMENT')
    }
    expect(await cache.get('key')).toBe('value')
  })
}
