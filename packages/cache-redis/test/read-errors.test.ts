import type { CacheMonitor } from '@verbatim/cache-core'
import { freePort } from '@verbatim/test-support'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

let observed: string[]
const performanceMonitor: CacheMonitor = {
  observeOperation: (operation, outcome, tier) => {
    if (operation === 'get') observed.push(`${outcome} ${tier}`)
  },
  observeKeyGeneration: () => {},
  observeCompression: () => {},
  observeInvalidation: () => {},
}
beforeEach(() => {
  observed = []
})

async function withoutRedis(options: GenericRedisCacheOptions = {}): Promise<GenericRedisCache> {
  const redisUrl = `redis://127.0.0.1:${await freePort()}`
  return at.open({ redisUrl, performanceMonitor, ...options })
}

const READS: [string, (cache: GenericRedisCache) => Promise<unknown>, reads: number][] = [
  ['get', (cache) => cache.get('absent'), 1],
  ['getOrSet', (cache) => cache.getOrSet('absent', () => 'loaded'), 1],
  ['getMany', (cache) => cache.getMany(['absent', 'other', 'absent']), 2],
]

describe.each(READS)('%s that Redis cannot answer', (_method, read, reads) => {
  test('counts as an error in every figure, and not as a miss', async () => {
    const cache = await withoutRedis()
    await read(cache)
    const { hits, misses, errors, hitRate, memory } = cache.getStats()
    expect({ hits, misses, errors, hitRate }).toEqual({ hits: 0, misses: 0, errors: reads })
    expect(memory).toMatchObject({ hits: 0, misses: 0 })
    expect(observed).toEqual(Array.from({ length: reads }, () => 'error redis'))
  })

  test('counts as an error where errors are thrown, too', async () => {
    const cache = await withoutRedis({ onBackendError: 'throw' })
    await expect(read(cache)).rejects.toThrow('Redis is not connected')
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0, errors: reads })
    expect(observed).toEqual(Array.from({ length: reads }, () => 'error redis'))
  })
})

test('a read that memory answers while Redis is away is a hit', async () => {
  const cache = await withoutRedis()
  await cache.set('key', 'value')
  expect(await cache.get('key')).toBe('value')
  expect((await cache.getMany(['key', 'absent'])).size).toBe(1)
  expect(cache.getStats()).toMatchObject({ hits: 2, misses: 0, errors: 1, hitRate: 100 })
})

test('a stale value in place of an unavailable Redis counts as an error and as served stale', async () => {
  const cache = await withoutRedis()
  await cache.getOrSet('stale', () => 'old', { ttl: '20ms', staleWhileRevalidate: '1m' })
  await vi.waitFor(async () => expect(await cache.exists('stale')).toBe(false))
  const before = cache.getStats()
  const load = (): string => 'new'
  expect(await cache.getOrSet('stale', load, { staleWhileRevalidate: '1m' })).toBe('old')
  const { errors, misses, staleServed } = cache.getStats()
  expect([errors - before.errors, misses - before.misses, staleServed]).toEqual([1, 0, 1])
})

test('a Redis that stops answering turns misses into errors, and back', async () => {
  const cache = await at.openConnected({ performanceMonitor, commandTimeout: 50 })
  await cache.get('absent')
  at.redis.pause()
  await cache.get('absent')
  await cache.get('absent')
  at.redis.resume()
  await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), 5_000)
  await cache.get('absent')
  expect(observed).toEqual(['miss redis', 'error redis', 'error redis', 'miss redis'])
  expect(cache.getStats()).toMatchObject({ misses: 2, errors: 2, hitRate: 0 })
})

test('a cache without any Redis has misses and no errors', async () => {
  await using cache = new GenericRedisCache({ performanceMonitor })
  await cache.get('absent')
  await cache.getOrSet('absent', () => 'loaded')
  await cache.getMany(['a', 'b'])
  expect(cache.getStats()).toMatchObject({ misses: 4, errors: 0, hitRate: 0 })
  expect(observed).toEqual(Array.from({ length: 4 }, () => 'miss memory'))
})

test('there is no hit rate before the first read that was answered', async () => {
  const cache = at.open()
  expect(cache.getStats()).not.toHaveProperty('hitRate')
  expect(cache.getStats().memory).not.toHaveProperty('hitRate')
})

describe('a monitor that throws', () => {
  const fail = (): never => {
    throw new Error('broken')
  }
  const broken: CacheMonitor = {
    observeOperation: fail,
    observeKeyGeneration: fail,
    observeCompression: fail,
    observeInvalidation: fail,
    observeMemory: fail,
  }

  test('fails no call, and is reported once', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): number => warnings.push(warning)
    process.on('warning', listen)
    const cache = await at.openConnected({ performanceMonitor: broken, compressionThreshold: 10 })
    await cache.set('key', 'x'.repeat(5_000))
    expect(await cache.get('key')).toBe('x'.repeat(5_000))
    expect(await cache.get('absent')).toBeUndefined()
    expect(await cache.getOrSet('loaded', () => 1)).toBe(1)
    expect((await cache.getMany(['loaded', 'absent'])).size).toBe(1)
    await cache.setMany([['a', 1]])
    expect(await cache.delete('a')).toBe(true)
    expect(await cache.deleteMany(['loaded'])).toBe(1)
    expect(await cache.invalidatePattern('k*')).toBe(1)
    expect(await cache.clear()).toBe(0)
    process.off('warning', listen)
    expect(warnings).toMatchObject([{ code: 'VERBATIM_MONITOR_FAILED' }])
  })

  test('is accepted with getters that throw; anything else is refused', async () => {
    const getters = Object.defineProperty({ ...broken }, 'observeOperation', { get: fail })
    const cache = at.open({ performanceMonitor: getters })
    await cache.set('key', 1)
    expect(await cache.get('key')).toBe(1)
    for (const bad of [null, {}, 'monitor', { observeOperations: fail }]) {
      expect(() => at.open({ performanceMonitor: bad as never })).toThrow('performanceMonitor')
    }
  })
})
