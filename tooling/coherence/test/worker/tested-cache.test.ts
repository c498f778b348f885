import { askRedis, type RedisServer, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WorkerConfig } from '../../src/worker/messages.js'
import { TestedCache } from '../../src/worker/tested-cache.js'
import { versionedValue } from '../../src/workload/versioned-value.js'

const WAIT = { timeout: 10_000 }
const VALUE = versionedValue(1, { writer: 0, number: 1 })

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

function openCache(
  onBackendError: 'degrade' | 'throw',
  redisUrl: string = redis.url,
): Promise<TestedCache> {
  return TestedCache.open({
    cacheModule: new URL('../../../../packages/cache-redis/src/index.ts', import.meta.url).href,
    redisUrl,
    memory: true,
    onBackendError,
    commandTimeoutMs: 5_000,
  } as WorkerConfig)
}

describe.each(['degrade', 'throw'] as const)('a cache with onBackendError %s', (onBackendError) => {
  test('returns for each call whether Redis was available to this call', async () => {
    const cache = await openCache(onBackendError)
    expect(await cache.set('key', VALUE, 60_000)).toMatchObject({ ok: true })
    await askRedis(redis.port, 'CONFIG SET maxmemory 1')
    const [set, get, load, removed] = await Promise.all([
      cache.set('other', VALUE, 60_000),
      cache.get('key'),
      cache.getOrSet('third', () => VALUE, { ttl: '1m' }),
      cache.delete('fourth'),
    ])
    await askRedis(redis.port, 'CONFIG SET maxmemory 0')
    expect(set.ok).toBe(false)
    expect(get).toEqual({ value: VALUE, ok: true, degraded: false })
    // Without memory for its lease, the load reaches its caller and is not stored.
    expect(load).toEqual({ value: VALUE, ok: false, degraded: false })
    expect(removed).toEqual({ value: false, ok: true, degraded: false })
    await cache.close()
  })

  test('reports that it uses memory only', async () => {
    await using server = await startRedis()
    const cache = await openCache(onBackendError, server.url)
    expect(await cache.set('key', VALUE, 60_000)).toMatchObject({ ok: true, degraded: false })
    await server.stop('SIGKILL')
    await expect.poll(async () => (await cache.get('key')).degraded, WAIT).toBe(true)
    await server.restart()
    await expect.poll(async () => (await cache.get('key')).degraded, WAIT).toBe(false)
    await cache.close()
    const alone = await openCache(onBackendError, 'redis://127.0.0.1:1')
    expect(await alone.get('key')).toMatchObject({ value: undefined, degraded: true })
    await alone.close()
  })

  test('throws errors that are not failures of Redis', async () => {
    const cache = await openCache(onBackendError)
    const load = (): never => {
      throw new Error('the source is down')
    }
    await expect(cache.getOrSet('missing', load, {})).rejects.toThrow('the source is down')
    await cache.close()
  })
})
