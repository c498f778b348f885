import { describe, expect, test } from 'vitest'
import type { CacheSettings } from '../src/implement.js'
import {
  CacheError,
  type CacheInterface,
  ConfigurationError,
  type Ttl,
  ValidationError,
} from '../src/index.js'
import { deferred } from './deferred.js'
import { FourMethodCache } from './four-method-cache.js'

describe('a cache that writes only the four abstract methods', () => {
  test('reads, writes and deletes several keys', async () => {
    const cache = new FourMethodCache()
    await cache.setMany(
      new Map<string, unknown>([
        ['a', null],
        ['b', 2],
      ]),
      '5m',
    )
    expect(cache.calls).toEqual(['set a 5m', 'set b 5m'])
    expect(await cache.getMany(['b', 'absent', 'a'])).toEqual(
      new Map<string, unknown>([
        ['b', 2],
        ['a', null],
      ]),
    )
    cache.calls.length = 0
    expect(await cache.deleteMany(['a', 'a', 'absent', 'b'])).toBe(2)
    expect(cache.calls).toEqual(['delete a', 'delete absent', 'delete b'])
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
  })

  test('changes nothing for a batch with one bad part', async () => {
    const cache = new FourMethodCache()
    await cache.set('kept', 1)
    const bad: [() => Promise<unknown>, code: string][] = [
      [
        () =>
          cache.setMany([
            ['new', 1],
            ['', 2],
          ]),
        'INVALID_KEY',
      ],
      [
        () =>
          cache.setMany([
            ['new', 1],
            ['other', undefined],
          ]),
        'INVALID_VALUE',
      ],
      [() => cache.setMany([['new', 1]], 0), 'INVALID_TTL'],
      [() => cache.setMany([['new', 1]], { tags: [''] }), 'INVALID_TAGS'],
      [() => cache.deleteMany(['kept', '']), 'INVALID_KEY'],
      [() => cache.getMany(['kept', '']), 'INVALID_KEY'],
    ]
    for (const [call, code] of bad) {
      await expect(call()).rejects.toThrow(ValidationError)
      await expect(call()).rejects.toMatchObject({ code })
    }
    expect(await cache.exists('kept')).toBe(true)
    expect(await cache.exists('new')).toBe(false)
  })

  test('loads through getOrSet with the given TTL', async () => {
    const cache = new FourMethodCache()
    expect(await cache.getOrSet('key', () => 'value', { ttl: '1h' })).toBe('value')
    expect(await cache.getOrSet('key', () => 'another')).toBe('value')
    expect(cache.calls).toEqual(['get key', 'set key 3600000ms', 'get key'])
  })

  test('rejects a bad TTL before it loads', async () => {
    const cache = new FourMethodCache()
    let loads = 0
    const call = cache.getOrSet('key', () => ++loads, { ttl: '0s' })
    await expect(call).rejects.toMatchObject({ code: 'INVALID_TTL' })
    expect(loads).toBe(0)
  })

  test('passes on the error of a loader, synchronous or not', async () => {
    const cache = new FourMethodCache()
    const failure = new Error('the source is down')
    const atOnce = (): never => {
      throw failure
    }
    await expect(cache.getOrSet('key', atOnce)).rejects.toBe(failure)
    await expect(cache.getOrSet('key', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await cache.getOrSet('key', () => 'value')).toBe('value')
  })

  test('rejects a loader that returns undefined', async () => {
    const cache = new FourMethodCache()
    const call = cache.getOrSet('key', () => undefined)
    await expect(call).rejects.toThrow(
      'the result of the loader must be a value other than undefined, unless the loader calls skip; received undefined',
    )
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      context: { argument: 'loader' },
    })
  })

  test('rejects calls of methods that it does not support', async () => {
    const cache = new FourMethodCache()
    await cache.set('key', 'value')
    const calls: [method: string, call: () => Promise<unknown>][] = [
      ['getTtl', () => cache.getTtl('key')],
      ['invalidateTags', () => cache.invalidateTags(['red'])],
      ['scan', () => firstOf(cache.scan())],
      ['scan', () => cache.invalidatePattern('*')],
      ['scan', () => cache.clear()],
    ]
    for (const [method, call] of calls) {
      const refusal: unknown = await call().catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(CacheError)
      expect(refusal).toMatchObject({
        code: 'NOT_SUPPORTED',
        message: `FourMethodCache does not implement ${method}`,
        context: { method },
      })
    }
    expect(await cache.get('key')).toBe('value')
  })

  test('closes at the end of its block', async () => {
    class ClosingCache extends FourMethodCache {
      closed = 0
      override async close(): Promise<void> {
        await super.close()
        this.closed++
      }
    }
    const cache = new ClosingCache()
    {
      await using scoped = cache
      expect(scoped.closed).toBe(0)
    }
    expect(cache.closed).toBe(1)
  })
})

describe('invalidatePattern by default', () => {
  /** A cache whose scan lists the given keys after `proceed`. */
  class ScanningCache extends FourMethodCache {
    listed: string[] = []
    goOn = Promise.resolve()

    override async *scan(): AsyncIterable<string> {
      yield* this.listed
      await this.goOn
    }
  }

  test('deletes and counts the keys of scan', async () => {
    const cache = new ScanningCache()
    await cache.set('a', 1)
    cache.listed = ['a', 'gone meanwhile']
    expect(await cache.invalidatePattern('*')).toBe(1)
    expect(await cache.exists('a')).toBe(false)
  })

  test('fences a load that was in flight at its start, although scan does not list the key', async () => {
    const cache = new ScanningCache()
    const begun = deferred<void>()
    const loaded = deferred<string>()
    const scanned = deferred<void>()
    const load = cache.getOrSet('key', () => {
      begun.resolve()
      return loaded.promise
    })
    await begun.promise
    cache.goOn = scanned.promise
    const invalidation = cache.clear()
    loaded.resolve('old')
    expect(await load).toBe('old')
    scanned.resolve()
    await invalidation
    expect(await cache.get('key')).toBeUndefined()
  })

  test('rejects a bad pattern before it scans', async () => {
    const cache = new ScanningCache()
    cache.listed = ['a']
    await cache.set('a', 1)
    await expect(cache.invalidatePattern('')).rejects.toMatchObject({ code: 'INVALID_PATTERN' })
    expect(await cache.exists('a')).toBe(true)
  })
})

test('a cache whose set fences its own key returns and stores the loaded value', async () => {
  class SlowCache extends FourMethodCache {
    override async set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
      await super.set(key, value, ttl)
      await Promise.resolve()
    }
  }
  const cache: CacheInterface = new SlowCache()
  const callers = [1, 2, 3].map(() => cache.getOrSet('key', async () => 'value'))
  expect(await Promise.all(callers)).toEqual(['value', 'value', 'value'])
  expect(await cache.get('key')).toBe('value')
})

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item
  return undefined
}

test.each<[name: string, settings: unknown, problem: string]>([
  ['an unknown field', { defaultTTL: 5 }, 'unknown field defaultTTL. Did you mean defaultTtl?'],
  ['null', null, 'settings must be a plain object; received null'],
  ['text', '5m', 'settings must be a plain object; received a string'],
  ['a TTL alone', 300, 'settings must be a plain object; received 300'],
])('the constructor rejects %s', (_name, settings, problem) => {
  class Built extends FourMethodCache {
    constructor() {
      super(settings as CacheSettings)
    }
  }
  expect(() => new Built()).toThrow(ConfigurationError)
  expect(() => new Built()).toThrow(problem)
})
