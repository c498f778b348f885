import { setTimeout as sleep } from 'node:timers/promises'
import { InfrastructureError } from '@verbatim/cache-core'
import { freePort } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

/** Opens a cache without a memory tier, like another process. */
function elsewhere(): GenericRedisCache {
  return at.open({ enableL1Cache: false, commandTimeout: 5_000 })
}

const back = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 5_000, interval: 5 })

const away = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(() => expect(cache.getStats().mode).toBe('memory_only'), {
    timeout: 5_000,
    interval: 5,
  })

const settled = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), { timeout: 5_000 })

describe('no Redis from the start', () => {
  test('connect answers false, and the cache works from memory', async () => {
    const cache = at.open({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
    expect(await cache.connect()).toBe(false)
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    expect(await cache.getOrSet('other', () => 'loaded')).toBe('loaded')
    expect(await cache.get('other')).toBe('loaded')
    expect(await cache.delete('key')).toBe(true)
    expect(await cache.get('key')).toBeUndefined()
    expect(cache.getStats()).toMatchObject({ mode: 'memory_only', redis: { connected: false } })
  })

  test('without a memory tier every read is a miss, and loads still answer', async () => {
    const cache = at.open({
      redisUrl: `redis://127.0.0.1:${await freePort()}`,
      enableL1Cache: false,
    })
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
  })

  test("with onBackendError 'throw' calls say so", async () => {
    const cache = at.open({
      redisUrl: `redis://127.0.0.1:${await freePort()}`,
      onBackendError: 'throw',
    })
    await expect(cache.get('key')).rejects.toThrow(InfrastructureError)
    await expect(cache.set('key', 'value')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(cache.delete('key')).rejects.toThrow('Redis is not connected')
    await expect(cache.exists('other')).rejects.toThrow('Redis is not connected (ECONNREFUSED)')
    // Whether Redis has it or not, it was deleted.
    expect(await cache.exists('key')).toBe(false)
  })
})

describe('Redis dies and comes back', () => {
  test('no call fails, and what was in memory stays', async () => {
    const cache = at.open()
    await cache.connect()
    await cache.set('before', 1)
    await at.redis.stop('SIGKILL')
    await away(cache)
    expect(await cache.get('before')).toBe(1)
    await cache.set('during', 2)
    expect(await cache.get('during')).toBe(2)
    expect(await cache.get('never')).toBeUndefined()
    await at.redis.restart()
    await back(cache)
    await cache.set('after', 3)
    expect(await elsewhere().get('after')).toBe(3)
  })

  test('it is back within a second of the server', async () => {
    const cache = at.open()
    await cache.set('key', 1)
    await at.redis.stop('SIGKILL')
    await away(cache)
    await sleep(1_500)
    await at.redis.restart()
    const startedAt = performance.now()
    await back(cache)
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })

  test('it is back although writes never pause', async () => {
    const cache = at.open()
    await cache.connect()
    await at.redis.stop('SIGKILL')
    await away(cache)
    const pause = new AbortController()
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      for (let count = 0; !pause.signal.aborted; count++) {
        await cache.set(`key:${writer}:${count % 50}`, count)
        await sleep(1)
      }
    })
    await sleep(300)
    await at.redis.restart()
    const startedAt = performance.now()
    await back(cache)
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    pause.abort()
    await Promise.all(writers)
    await settled(cache)
    await cache.set('after', 1)
    expect(await elsewhere().get('after')).toBe(1)
  })

  test('listeners receive each change once', async () => {
    const cache = at.open()
    const events: string[] = []
    cache.on('connected', () => events.push('connected'))
    cache.on('disconnected', () => events.push('disconnected'))
    await cache.connect()
    await at.redis.stop('SIGKILL')
    await away(cache)
    for (let call = 0; call < 20; call++) await cache.get('key')
    await at.redis.restart()
    await back(cache)
    expect(events).toEqual(['connected', 'disconnected', 'connected'])
  })
})

describe('Redis freezes', () => {
  test('one call waits for its limit, the next ones do not wait', async () => {
    const cache = at.open({ commandTimeout: 100 })
    await cache.set('near', 'value')
    at.redis.pause()
    const first = await timed(() => cache.get('far'))
    expect(first.answer).toBeUndefined()
    expect(first.milliseconds).toBeLessThan(1_000)
    for (const call of [
      () => cache.get('far'),
      () => cache.set('key', 1),
      () => cache.delete('key'),
      () => cache.exists('far'),
      () => cache.getOrSet('loaded', () => 1),
    ]) {
      expect((await timed(call)).milliseconds).toBeLessThan(90)
    }
    expect(await cache.get('near')).toBe('value')
    at.redis.resume()
    await back(cache)
  })

  test('a thousand concurrent calls all settle within the limit', async () => {
    const cache = at.open({ enableL1Cache: false })
    await cache.connect()
    at.redis.pause()
    const { milliseconds } = await timed(() =>
      Promise.all(Array.from({ length: 1_000 }, (_, index) => cache.get(`key:${index}`))),
    )
    expect(milliseconds).toBeLessThan(1_000)
  })

  test('closing takes less than a second', async () => {
    const cache = at.open()
    await cache.connect()
    at.redis.pause()
    expect((await timed(() => cache.close())).milliseconds).toBeLessThan(1_000)
  })
})

describe('a change without Redis is not undone by Redis', () => {
  test('a key deleted while Redis hung does not come back', async () => {
    const cache = at.open({ commandTimeout: 100 })
    await cache.set('key', 'old')
    at.redis.pause()
    await cache.delete('key')
    expect(await cache.get('key')).toBeUndefined()
    at.redis.resume()
    await back(cache)
    expect(await cache.get('key')).toBeUndefined()
    await settled(cache)
    expect(await cache.get('key')).toBeUndefined()
    expect(await elsewhere().get('key')).toBeUndefined()
  })

  test('a key overwritten while Redis hung is not read in its old state', async () => {
    const cache = at.open({ commandTimeout: 100 })
    await cache.set('key', 'old')
    at.redis.pause()
    await cache.set('key', 'new')
    expect(await cache.get('key')).toBe('new')
    at.redis.resume()
    await back(cache)
    expect(await cache.get('key')).not.toBe('old')
    await settled(cache)
    expect(await cache.get('key')).not.toBe('old')
    expect(await elsewhere().get('key')).not.toBe('old')
  })

  test('a pattern invalidated while Redis hung stays invalidated', async () => {
    const cache = at.open({ commandTimeout: 100 })
    await cache.connect()
    await cache.setMany([
      ['user:1', 1],
      ['user:2', 2],
      ['order:1', 3],
    ])
    at.redis.pause()
    expect(await cache.invalidatePattern('user:*')).toBe(2)
    at.redis.resume()
    await settled(cache)
    const other = elsewhere()
    expect(await other.getMany(['user:1', 'user:2', 'order:1'])).toEqual(new Map([['order:1', 3]]))
  })

  test('more changes than are remembered one by one void everything rather than leave one out', async () => {
    const cache = at.open({ commandTimeout: 100 })
    await cache.setMany([
      ['kept:1', 1],
      ['kept:2', 1],
    ])
    at.redis.pause()
    await cache.delete('gone')
    await cache.deleteMany(Array.from({ length: 100_001 }, (_, index) => `gone:${index}`))
    await cache.delete('kept:1')
    expect(cache.getStats().redis.unconfirmedDeletes).toBeLessThan(10)
    at.redis.resume()
    await settled(cache)
    expect(await elsewhere().exists('kept:1')).toBe(false)
  })

  test('a write that Redis refuses leaves no old value behind, and reads go on', async () => {
    const cache = at.open({ enableL1Cache: false, commandTimeout: 5_000 })
    await cache.set('key', 'old')
    await cache.set('other', 'value')
    const admin = new Redis(at.adminUrl)
    at.atTheEnd(() => admin.quit())
    await admin.config('SET', 'maxmemory', '1')
    await cache.set('key', 'new')
    expect(cache.getStats().redis.errors).toEqual({ BACKEND_REFUSED: 1 })
    expect(await cache.get('key')).toBeUndefined()
    await settled(cache)
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.get('other')).toBe('value')
  })
})

describe('a client that was handed in', () => {
  test('is used, and left as it was', async () => {
    const client = new Redis(at.redis.url)
    at.atTheEnd(() => client.quit())
    await client.ping()
    const listeners = (): number =>
      client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0)
    const before = listeners()
    const cache = new GenericRedisCache({ client })
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    expect(await client.exists('cache:key')).toBe(1)
    await cache.close()
    expect(listeners()).toBe(before)
    expect(await client.ping()).toBe('PONG')
  })
})

describe('a server that refuses', () => {
  const admin = async (...command: [string, ...string[]]): Promise<void> => {
    const client = new Redis(at.adminUrl)
    await client.call(...command)
    client.disconnect()
  }

  test('the password: the cache is memory-only, and says why', async () => {
    const cache = at.open({ redisUrl: at.redis.url.replace('//', '//nobody:wrong@') })
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    expect(cache.getStats()).toMatchObject({
      mode: 'memory_only',
      redis: { lastErrorCode: 'WRONGPASS' },
    })
  })

  test('the database: nothing is stored in another one', async () => {
    const cache = at.open({ redisUrl: `${at.redis.url}/99` })
    expect(await cache.connect()).toBe(false)
    await cache.set('key', 'value')
    expect(cache.getStats().mode).toBe('memory_only')
    expect(await elsewhere().get('key')).toBeUndefined()
  })

  test('to invalidate: the value is removed from memory anyway', async () => {
    await admin('ACL', 'SETUSER', 'limited', 'on', '>pass', '~*', '+@all', '-unlink')
    const redisUrl = at.redis.url.replace('//', '//limited:pass@')
    for (const onBackendError of ['throw', 'degrade'] as const) {
      const cache = at.open({ redisUrl, onBackendError })
      await cache.set('user:1', 'old')
      const [, reads] = await Promise.allSettled([
        cache.invalidatePattern('user:*'),
        Promise.all(Array.from({ length: 20 }, () => cache.get('user:1'))),
      ])
      expect(reads?.status).toBe('fulfilled')
      expect(await cache.get('user:1')).toBeUndefined()
      expect(cache.getStats().redis.errors).toMatchObject({ BACKEND_REFUSED: expect.any(Number) })
    }
  })

  test('a value: neither it nor the password shows in errors and stats', async () => {
    await admin('ACL', 'SETUSER', 'user', 'on', '>s3cret', '~*', '+@all')
    await admin('CONFIG', 'SET', 'maxmemory', '1')
    const redisUrl = at.redis.url.replace('//', '//user:s3cret@')
    const cache = at.open({ redisUrl, onBackendError: 'throw', commandTimeout: 5_000 })
    const error = await cache.set('key', 'private').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'BACKEND_REFUSED', context: { reply: 'OOM' } })
    const { inspect } = await import('node:util')
    const shown = [inspect(error, { depth: 9 }), JSON.stringify(error), inspect(cache.getStats())]
    expect(shown.join()).not.toMatch(/s3cret|private/)
  })
})

async function timed<T>(call: () => Promise<T>): Promise<{ answer: T; milliseconds: number }> {
  const startedAt = performance.now()
  const answer = await call()
  return { answer, milliseconds: performance.now() - startedAt }
}
