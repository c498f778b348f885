import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CacheMonitor, ManualClock } from '@verbatim/cache-core'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { describe, expect, test } from 'vitest'
import { GenericRedisCache } from '../src/index.js'

let clock = new ManualClock()

for (const isolation of ['none', 'freeze', 'clone'] as const) {
  testCacheContract(`GenericRedisCache (memory only, isolation '${isolation}')`, {
    create: () => {
      clock = new ManualClock()
      return new GenericRedisCache({ clock, isolation, l1CacheSize: 10_000 })
    },
    advance: (milliseconds) => clock.advance(milliseconds),
    clock: 'manual',
    isolation,
    stats: (cache) => cache.getStats(),
    createObserved: (performanceMonitor) => {
      clock = new ManualClock()
      return new GenericRedisCache({ clock, performanceMonitor, l1CacheSize: 10_000 })
    },
  })
}

test('a value is stale in memory at once if its TTL has ended before it was stored', async () => {
  await using cache = new GenericRedisCache()
  const grace = { staleWhileRevalidate: '1h' } as const
  await cache.getOrSet('key', () => 'old', { ttl: '1ms', ...grace })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await cache.get('key')).toBeUndefined()
  expect(await cache.getOrSet('key', () => 'new', grace)).toBe('old')
})

describe('a cache without a location', () => {
  test.each([
    ['no options', undefined],
    ['empty options', {}],
    ['options that name no Redis', { keyPrefix: 'app:', defaultTtl: '5m', commandTimeout: 50 }],
    ['a location that is undefined', { redisUrl: undefined, client: undefined }],
  ] as const)('(%s) is memory only, and nothing is wrong with it', async (_, options) => {
    await using cache = new GenericRedisCache(options)
    const events: string[] = []
    for (const event of ['backend_error', 'disconnected', 'connected', 'tracking_down'] as const) {
      cache.on(event, () => events.push(event))
    }
    expect(await cache.connect()).toBe(false)
    await cache.set('key', 'value', { tags: ['t'] })
    expect(await cache.get('key')).toBe('value')
    expect(await cache.delete('absent')).toBe(false)
    expect(await cache.getOrSet('loaded', () => 1)).toBe(1)
    expect(await cache.add('loaded', 2)).toBe(false)
    await cache.setMany([
      ['a:1', 1],
      ['a:2', 2],
    ])
    expect(await cache.invalidatePattern('a:*')).toBe(2)
    await cache.invalidateTags(['t'])
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.clear()).toBe(1)
    const { mode, redis, memory } = cache.getStats()
    expect(mode).toBe('memory')
    expect(redis).toMatchObject({ connected: false, errors: {}, unconfirmedDeletes: 0 })
    expect(redis.lastErrorCode).toBeUndefined()
    expect(redis.changes).toEqual({ ok: 0, skipped: 0, failed: 0, indeterminate: 0 })
    expect(memory).toBeDefined()
    expect(events).toEqual([])
  })

  test("throws nothing with onBackendError 'throw'", async () => {
    await using cache = new GenericRedisCache({ onBackendError: 'throw' })
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    expect(await cache.delete('key')).toBe(true)
    expect(await cache.clear()).toBe(0)
  })

  test('has no server to tell about', async () => {
    await using cache = new GenericRedisCache()
    await expect(cache.getServerInfo()).rejects.toMatchObject({
      name: 'InfrastructureError',
      code: 'BACKEND_UNAVAILABLE',
      message: 'Redis is not connected (no Redis is configured)',
    })
  })

  test('is refused when it has no memory tier either', () => {
    expect(() => new GenericRedisCache({ enableL1Cache: false })).toThrow(
      /enableL1Cache.*true for a cache without Redis/,
    )
  })

  test('counts writes as done in memory', async () => {
    const changes: string[] = []
    const performanceMonitor: CacheMonitor = {
      observeOperation: (...[operation, outcome, tier]) => {
        changes.push(`${operation} ${outcome} ${tier}`)
      },
      observeInvalidation: () => undefined,
      observeKeyGeneration: () => undefined,
      observeCompression: () => undefined,
    }
    await using cache = new GenericRedisCache({ performanceMonitor })
    await cache.set('key', 1)
    await cache.delete('key')
    expect(changes).toEqual(['set ok memory', 'delete ok memory'])
  })

  test('inspects its entries without counting reads, and copies their values', async () => {
    await using cache = new GenericRedisCache({ isolation: 'clone' })
    await cache.set('a', { name: 'ann' }, '5m')
    await cache.set('b', [1], null)
    for (const _ of [1, 2]) {
      const entries: unknown[] = []
      for await (const entry of cache.inspect()) {
        entries.push(structuredClone(entry))
        if ('value' in entry) Object.assign(entry.value as object, { changed: true })
      }
      expect(entries).toEqual([
        { key: 'b', value: [1], ttl: null },
        { key: 'a', value: { name: 'ann' }, ttl: expect.closeTo(300, 0) },
      ])
    }
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })
  })

  test.each([20, 3_000])(
    'stores nothing of %i entries when one of them cannot be copied',
    async (count) => {
      await using cache = new GenericRedisCache({ isolation: 'clone', l1CacheSize: 10_000 })
      const entries: [string, unknown][] = Array.from({ length: count }, (_, i) => [`k${i}`, i])
      entries.push(['bad', { run: () => 1 }])
      await expect(cache.setMany(entries)).rejects.toThrow()
      expect(cache.getStats().memory?.totalEntries).toBe(0)
    },
  )

  test('holds at most l1CacheSize entries', async () => {
    await using cache = new GenericRedisCache({ l1CacheSize: 10 })
    await cache.setMany(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index]))
    expect(cache.getStats().memory?.totalEntries).toBe(10)
    expect(await cache.get('key 4999')).toBe(4_999)
  })

  test('add returns false for a value that is larger than l1CacheBytes', async () => {
    await using cache = new GenericRedisCache({ l1CacheBytes: 1_000 })
    expect(await cache.add('key', 'x'.repeat(10_000))).toBe(false)
    expect(await cache.get('key')).toBeUndefined()
  })

  test('add returns true for each of 50 concurrent values, although memory holds 10', async () => {
    await using cache = new GenericRedisCache({ l1CacheSize: 10 })
    const adding = Array.from({ length: 50 }, (_, index) => cache.add(`key ${index}`, index))
    expect(await Promise.all(adding)).toEqual(Array.from({ length: 50 }, () => true))
  })

  test('deleteMany removes every key of an array that is emptied right after the call', async () => {
    await using cache = new GenericRedisCache({ l1CacheSize: 10_000 })
    const keys = Array.from({ length: 3_000 }, (_, index) => `key ${index}`)
    await cache.setMany(keys.map((key) => [key, 1] as const))
    const removing = cache.deleteMany(keys)
    keys.length = 0
    expect(await removing).toBe(3_000)
  })

  test('can be closed twice, and stays closed', async () => {
    const cache = new GenericRedisCache()
    await cache.set('key', 1)
    await cache.close()
    await cache.close()
    expect(await cache.connect()).toBe(false)
  })

  test('does not keep the process alive', async () => {
    const index = new URL('../src/index.ts', import.meta.url).href
    const program = `
      const { GenericRedisCache } = await import(${JSON.stringify(index)})
      const cache = new GenericRedisCache()
      await cache.connect()
      await cache.set('key', 1, { tags: ['t'] })
      await cache.getOrSet('other', () => 2, { ttl: 60 })
      await cache.setMany(Array.from({ length: 3000 }, (_, i) => ['k' + i, i]))
      console.log(await cache.get('key'))`
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const [code] = await once(child, 'exit')
    clearTimeout(tooLong)
    expect(code).toBe(0)
  }, 30_000)
})
