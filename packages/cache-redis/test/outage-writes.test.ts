import { setTimeout as sleep } from 'node:timers/promises'
import type { CacheMonitor } from '@verbatim/cache-core'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

const away = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(() => expect(cache.getStats().mode).toBe('memory_only'), 5_000)

const settled = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(
    () => {
      expect(cache.getStats().mode).toBe('redis')
      expect(cache.getStats().redis.unconfirmedDeletes).toBe(0)
    },
    { timeout: 20_000, interval: 20 },
  )

/** Counts the values that were compressed. */
function compressions(): { monitor: CacheMonitor; count: () => number } {
  let count = 0
  const monitor: CacheMonitor = {
    observeOperation: () => undefined,
    observeInvalidation: () => undefined,
    observeKeyGeneration: () => undefined,
    observeCompression: () => {
      count++
    },
  }
  return { monitor, count: () => count }
}

describe('a write while Redis is known to be down', () => {
  const large = { text: 'lorem ipsum '.repeat(450_000) }

  test('is not compressed, by whichever method, and is in memory', async () => {
    const { monitor, count } = compressions()
    const cache = at.open({ performanceMonitor: monitor })
    await cache.connect()
    await cache.set('control', large)
    expect(count()).toBe(1)
    await at.redis.stop('SIGKILL')
    await away(cache)
    await cache.set('set', large)
    await cache.setMany([['setMany', large]])
    await cache.setMany(Array.from({ length: 1_200 }, (_, i) => [`many ${i}`, i ? i : large]))
    await cache.add('add', large)
    expect(await cache.getOrSet('loaded', () => large)).toEqual(large)
    expect(count()).toBe(1)
    expect(await cache.get('loaded')).toEqual(large)
    expect(await cache.get('add')).toEqual(large)
    await at.redis.restart()
    await settled(cache)
    await cache.set('after', large)
    expect(count()).toBe(2)
  })

  test('is reported as added by add when memory has the value and Redis took no write', async () => {
    const cache = at.open({ commandTimeout: 300 })
    await cache.connect()
    await at.raw.call('CLIENT', 'PAUSE', '2000', 'WRITE')
    const wasAdded = await cache.add('job', 1)
    expect([wasAdded, await cache.get('job')]).toEqual([true, 1])
    expect(cache.getStats().redis.errors).not.toEqual({})
  })

  test('is not reported as added by add when no tier has stored the value', async () => {
    const cache = at.open({ enableL1Cache: false, redisUrl: 'redis://127.0.0.1:1' })
    expect(await cache.add('job', 1)).toBe(false)
    expect(await cache.add('job', 2)).toBe(false)
    expect(await cache.get('job')).toBeUndefined()
  })

  test('is refused if its value cannot be stored, and leaves nothing in memory', async () => {
    const cache = at.open()
    await cache.connect()
    await at.redis.stop('SIGKILL')
    await away(cache)
    class Point {
      readonly x = 1
    }
    for (const value of [() => 1, { run: () => 1 }, [Symbol('s')], new Point()]) {
      const refused = { name: 'SerializationError', code: 'NOT_SERIALIZABLE' }
      await expect(cache.set('bad', value)).rejects.toMatchObject(refused)
      await expect(cache.setMany([['bad', value]])).rejects.toMatchObject(refused)
      await expect(cache.add('bad', value)).rejects.toMatchObject(refused)
      expect(await cache.get('bad')).toBeUndefined()
    }
    await at.redis.restart()
  })

  test("does not touch another's list under the prefix, however many there are", async () => {
    const cache = at.open()
    await cache.set('before', 'old')
    await at.raw.rpush('cache:queue', 'job 1', 'job 2')
    await at.raw.config('SET', 'appendonly', 'yes')
    at.redis.pause()
    await cache.set('first', 0)
    await away(cache)
    for (let index = 0; index < 50_000; index++) await cache.set(`during ${index}`, index)
    await cache.delete('queue')
    await cache.set('before', 'new')
    at.redis.resume()
    await settled(cache)
    expect(await at.raw.lrange('cache:queue', 0, -1)).toEqual(['job 1', 'job 2'])
    const other = at.open({ enableL1Cache: false, commandTimeout: 5_000 })
    expect(await other.get('before')).not.toBe('old')
    await cache.set('after', 1)
    expect(await cache.get('after')).toBe(1)
    expect(await other.get('after')).toBe(1)
    // No process keeps deleting what another one writes.
    await other.set('during 7', 'of another process')
    await sleep(1_000)
    expect(await other.get('during 7')).toBe('of another process')
    expect(await cache.get('during 7')).toBe('of another process')
  }, 60_000)
})

describe('a user who may remove only some keys', () => {
  const openLimited = async (): Promise<GenericRedisCache> => {
    await at.raw.call(
      ...(['ACL', 'SETUSER', 'limited', 'on', '>pass', 'resetkeys'] as const),
      ...['allchannels', '+@all', '%R~*', '~cache:open:*', '~cache:?{*'],
    )
    const redisUrl = at.redis.url.replace('//', '//limited:pass@')
    return at.openConnected({ redisUrl, commandTimeout: 5_000 })
  }

  test('has a refusal about one key that does not hold up the others', async () => {
    const writer = await at.openConnected({ commandTimeout: 5_000 })
    await writer.setMany([
      ['closed:1', 'kept'],
      ['open:1', 'value'],
      ['open:2', 'value'],
    ])
    const cache = await openLimited()
    await cache.delete('closed:1')
    expect(cache.getStats().redis.errors).toMatchObject({ BACKEND_REFUSED: expect.any(Number) })
    expect(await cache.get('closed:1')).toBeUndefined()
    expect(await cache.delete('open:1')).toBe(true)
    await cache.deleteMany(['open:2', 'closed:1'])
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(1), 5_000)
    expect(await cache.get('open:2')).toBeUndefined()
    expect(await writer.get('open:2')).toBeUndefined()
    expect(await writer.get('closed:1')).toBe('kept')
    await cache.set('open:3', 'new')
    expect(await cache.get('open:3')).toBe('new')
    expect(await writer.get('open:3')).toBe('new')
  })
})

describe('a pattern that was invalidated while Redis was frozen', () => {
  test('stays pending through several attempts that fail', async () => {
    const cache = await at.openConnected({ commandTimeout: 50 })
    await cache.setMany([
      ['user:1', 'old'],
      ['order:1', 'kept'],
    ])
    at.redis.pause()
    await cache.invalidatePattern('user:*')
    for (let attempt = 0; attempt < 20; attempt++) {
      await cache.get('other')
      await sleep(50)
      if (attempt % 5 !== 4) continue
      // Long enough to be trusted again, and too short for everything that is pending.
      at.redis.resume()
      await sleep(15)
      at.redis.pause()
    }
    at.redis.resume()
    await settled(cache)
    const other = at.open({ enableL1Cache: false, commandTimeout: 5_000 })
    expect(await other.get('user:1')).toBeUndefined()
    expect(await cache.get('user:1')).toBeUndefined()
    expect(await other.get('order:1')).toBe('kept')
  })
})
