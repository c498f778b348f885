import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../../src/index.js'

const redis = await startRedis()
const admin = new Redis(redis.url)
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  await admin.config('SET', 'requirepass', '')
  await admin.flushall()
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

function client(Client: typeof Redis, url: string, options: object = {}): Redis {
  const made = new Client(url, options)
  made.on('error', () => {})
  ends.push(() => made.disconnect())
  return made
}

async function cacheOn(owners: Redis): Promise<GenericRedisCache> {
  const cache = new GenericRedisCache({ client: owners, onBackendError: 'throw' })
  ends.push(() => cache.close())
  expect(await cache.connect()).toBe(true)
  await vi.waitFor(() => expect(trackingOf(cache)).toBe('live'), { timeout: 5_000 })
  return cache
}

const trackingOf = (cache: GenericRedisCache): string | undefined =>
  cache.getStats().memory?.tracking

/** Ends every connection of other clients, so that all must log in again. */
const cutAll = (): Promise<unknown> =>
  admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
const cutTracking = (): Promise<unknown> => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')

describe.each<[string, typeof Redis]>([
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5 as unknown as typeof Redis],
])('the owner of a client of %s', (_name, Client) => {
  test('changes the password in its options, and the tracking connection follows', async () => {
    await admin.config('SET', 'requirepass', 'old')
    await admin.auth('old').catch(() => undefined)
    const owners = client(Client, redis.url, { password: 'old' })
    const cache = await cacheOn(owners)
    await admin.config('SET', 'requirepass', 'new')
    owners.options.password = 'new'
    await cutAll()
    await cutTracking()
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('down'), { timeout: 5_000, interval: 5 })
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('live'), { timeout: 5_000 })
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 5_000 })
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
  })

  test('logs in as another user by auth, and the tracking connection follows', async () => {
    await admin.acl('SETUSER', 'first', 'on', '>one', 'allkeys', 'allchannels', '+@all')
    await admin.acl('SETUSER', 'second', 'on', '>two', 'allkeys', 'allchannels', '+@all')
    const owners = client(Client, redis.url, { username: 'first', password: 'one' })
    const cache = await cacheOn(owners)
    await owners.auth('second', 'two')
    await admin.acl('DELUSER', 'first')
    await cutTracking()
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('down'), { timeout: 5_000, interval: 5 })
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('live'), { timeout: 5_000 })
    const list = String(await admin.client('LIST'))
    expect(list.split('\n').filter((line) => line.includes('user=second'))).toHaveLength(2)
    await admin.acl('DELUSER', 'second')
  })

  test('points it at another port, and the tracking connection follows', async () => {
    await using other = await startRedis()
    const owners = client(Client, redis.url)
    const cache = await cacheOn(owners)
    owners.options.port = other.port
    await cutAll()
    await cutTracking()
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('down'), { timeout: 5_000, interval: 5 })
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('live'), { timeout: 5_000 })
    const there = new Redis(other.url)
    await vi.waitFor(async () =>
      expect(String(await there.client('LIST'))).toMatch(/cmd=(subscribe|ping).*redir=\d+/),
    )
    there.disconnect()
  })

  test('switches it to another database, and the cache refuses until it is switched back', async () => {
    const owners = client(Client, redis.url)
    const cache = await cacheOn(owners)
    await cache.set('key', 'value')
    await owners.select(3)
    await expect(cache.set('key', 'other')).rejects.toMatchObject({ code: 'CLIENT_CHANGED' })
    await expect(cache.delete('key')).rejects.toMatchObject({ code: 'CLIENT_CHANGED' })
    expect(cache.getStats().redis.lastErrorCode).toBe('CLIENT_CHANGED')
    expect(await owners.dbsize()).toBe(0)
    await owners.select(0)
    await vi.waitFor(
      async () => {
        await cache.set('key', 'again')
        expect(await cache.get('key')).toBe('again')
      },
      { timeout: 5_000 },
    )
  })

  test('has it send commands again after a reconnect, for which no call of the cache waits', async () => {
    await using proxy = await startFaultProxy({ target: redis.port })
    const owners = client(Client, proxy.url, {
      maxRetriesPerRequest: null,
      retryStrategy: () => 2_000,
    })
    const cache = new GenericRedisCache({
      client: owners,
      onBackendError: 'throw',
      commandTimeout: 10_000,
      enableL1Cache: false,
    })
    ends.push(() => cache.close())
    await cache.connect()
    await cache.set('key', 'value')
    const held = await proxy.holdReply({ command: 'GET' })
    const startedAt = performance.now()
    const read = cache.get('key').catch((error: { code: string }) => error.code)
    await held.reached
    await proxy.cut()
    expect(await read).toBe('BACKEND_UNAVAILABLE')
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })
})
