import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const TTL_MS = 60
const STALE_FOR_AN_HOUR = { ttl: `${TTL_MS}ms`, staleIfError: '1h' } as const

const at = redisPerTest({ commandTimeout: 5_000 })

/** Loads a value and waits until its TTL ends. */
async function storeStale(cache: GenericRedisCache, value: unknown = 'old'): Promise<void> {
  await cache.getOrSet('key', () => value, STALE_FOR_AN_HOUR)
  await sleep(TTL_MS + 20)
}

const failing = (): Promise<string> => Promise.reject(new Error('the source is down'))

describe.each([
  ['the cache that loaded it', (cache: GenericRedisCache) => cache],
  ['another process', () => at.open()],
  ['another process without a memory tier', () => at.open({ enableL1Cache: false })],
])('a stale value, for %s', (_who, reader) => {
  test('is there for getOrSet alone', async () => {
    const loaded = at.open()
    await storeStale(loaded)
    const cache = reader(loaded)
    expect(await at.raw.pttl('cache:key')).toBeGreaterThan(3_500_000)
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.exists('key')).toBe(false)
    expect(await cache.getTtl('key')).toBeUndefined()
    expect(await cache.getMany(['key'])).toEqual(new Map())
    expect(await listed(cache)).toEqual([])
    expect(await cache.getOrSet('key', failing, STALE_FOR_AN_HOUR)).toBe('old')
    expect(cache.getStats().staleServed).toBe(1)
    await expect(cache.getOrSet('key', failing)).rejects.toThrow('the source is down')
  })

  test('is absent for delete, which still removes it', async () => {
    const loaded = at.open()
    await storeStale(loaded)
    const cache = reader(loaded)
    expect(await cache.delete('key')).toBe(false)
    expect(await at.raw.exists('cache:key')).toBe(0)
    await expect(cache.getOrSet('key', failing, STALE_FOR_AN_HOUR)).rejects.toThrow('is down')
  })

  test('is served while it is loaded again, and then the new value is', async () => {
    const loaded = at.open()
    const options = { ttl: '60ms', staleWhileRevalidate: '1h' } as const
    await loaded.getOrSet('key', () => 'old', options)
    await sleep(80)
    const cache = reader(loaded)
    expect(await cache.getOrSet('key', () => 'new', { ...options, ttl: '1h' })).toBe('old')
    await vi.waitFor(async () => expect(await cache.get('key')).toBe('new'))
    expect(await at.open({ enableL1Cache: false }).get('key')).toBe('new')
  })
})

test('a fresh value keeps its TTL and its load time in Redis', async () => {
  await at.open().getOrSet('key', () => sleep(30, 'value'), {
    ttl: '1h',
    staleIfError: '1h',
    earlyRefresh: 1,
  })
  const elsewhere = at.open()
  const left = await elsewhere.getTtl('key')
  expect(left).toBeGreaterThan(3_590)
  expect(left).toBeLessThanOrEqual(3_600)
  // By the load time in the line: beta x 30 ms is as good as never, and 100 a little sooner.
  expect(await elsewhere.getOrSet('key', () => 'another', { earlyRefresh: 1 })).toBe('value')
  const [line = ''] = (await at.raw.get('cache:key'))?.split('\n') ?? []
  const [graceMs, loadMs] = line.split(' ').slice(5)
  expect(Number(graceMs)).toBe(3_600_000)
  expect(Number(loadMs)).toBeGreaterThanOrEqual(29)
})

test('without Redis the memory tier has the stale value', async () => {
  const cache = at.open({ commandTimeout: 200 })
  await storeStale(cache)
  await at.redis.stop()
  expect(await cache.getOrSet('key', failing, STALE_FOR_AN_HOUR)).toBe('old')
  expect(await cache.get('key')).toBeUndefined()
  expect(cache.getStats()).toMatchObject({ mode: 'memory_only', staleServed: 1 })
})

test('a value that Redis no longer has is not served from memory, with or without Redis', async () => {
  const cache = at.open({ commandTimeout: 200 })
  await storeStale(cache)
  await at.raw.del('cache:key')
  await expect(cache.getOrSet('key', failing, STALE_FOR_AN_HOUR)).rejects.toThrow('is down')
  await at.redis.stop()
  await expect(cache.getOrSet('key', failing, STALE_FOR_AN_HOUR)).rejects.toThrow('is down')
})

test('a refresh that fails in the background is reported', async () => {
  const cache = at.open()
  const onRefreshFailed = vi.fn()
  cache.on('refresh_failed', onRefreshFailed)
  const options = { ttl: '60ms', staleWhileRevalidate: '1h' } as const
  await cache.getOrSet('key', () => 'old', options)
  await sleep(80)
  expect(await cache.getOrSet('key', failing, options)).toBe('old')
  await vi.waitFor(() => expect(onRefreshFailed).toHaveBeenCalledOnce())
  expect(onRefreshFailed).toHaveBeenCalledWith('key', new Error('the source is down'))
})

test('a stale value of another process does not hide a fresh one', async () => {
  const cache = at.open({ defaultTtl: '60ms' })
  await cache.getOrSet('key', () => 'value', { ttl: '1h', staleIfError: '1h' })
  // The copy in memory ends with the default TTL. Redis has the value still fresh.
  await sleep(80)
  expect(await cache.getOrSet('key', () => 'loaded again', STALE_FOR_AN_HOUR)).toBe('value')
  expect(cache.getStats()).toMatchObject({ hits: 1, redis: { hits: 1 }, staleServed: 0 })
})

async function listed(cache: GenericRedisCache): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return keys
}
