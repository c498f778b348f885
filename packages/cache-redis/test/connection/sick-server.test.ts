import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FaultProxy, startFaultProxy } from '@verbatim/fault-proxy'
import { askRedis, type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RedisConnection } from '../../src/connection/redis-connection.js'
import { openConnection } from './open-connection.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const ping = (connection: RedisConnection): Promise<string> =>
  connection.run((client) => client.ping())

const back = (connection: RedisConnection): Promise<void> =>
  vi.waitFor(() => expect(connection.ready).toBe(true), { timeout: 5_000, interval: 5 })

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

describe('a server that hangs', () => {
  test('costs one call its limit, and is used again as soon as it answers', async () => {
    const connection = openConnection({ redisUrl: redis.url }, { commandTimeoutMs: 200 })
    await connection.connect()
    redis.pause()
    await expect(ping(connection)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' })
    expect(await milliseconds(() => ping(connection).catch(() => {}))).toBeLessThan(100)
    expect(connection.lastErrorCode).toBe('BACKEND_TIMEOUT')
    redis.resume()
    await back(connection)
    expect(await ping(connection)).toBe('PONG')
  })

  test('is left after a while, for its address may lead elsewhere by then', async () => {
    await using proxy = await startFaultProxy({ target: redis.port })
    const connection = openConnection({ redisUrl: proxy.url }, { commandTimeoutMs: 200 })
    await connection.connect()
    // What was lost is lost for good: this connection will never answer again.
    await proxy.blackHole('both')
    await ping(connection).catch(() => {})
    await proxy.pass()
    await back(connection)
    expect(await ping(connection)).toBe('PONG')
  })

  test.each([0, 500])('does not hold up the end, with %i ms to drain', async (drainMs) => {
    const connection = openConnection({ redisUrl: redis.url }, { commandTimeoutMs: 5_000 })
    await connection.connect()
    redis.pause()
    const call = ping(connection).catch(() => 'failed')
    expect(await milliseconds(() => connection.close({ drainMs }))).toBeLessThan(1_000)
    expect(await call).toBe('failed')
    redis.resume()
  })
})

describe('a server that accepts connections and says nothing', () => {
  test('is left and tried again, with a password or without', async () => {
    let accepted = 0
    const server = createServer((socket) => {
      accepted++
      socket.on('error', () => {}).resume()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    for (const login of ['', ':password@']) {
      accepted = 0
      const connection = openConnection(
        { redisUrl: `redis://${login}127.0.0.1:${port}` },
        { commandTimeoutMs: 200 },
      )
      expect(await connection.connect()).toBe(false)
      await vi.waitFor(() => expect(accepted).toBeGreaterThan(1), { timeout: 5_000 })
      expect(await milliseconds(() => connection.close())).toBeLessThan(1_000)
    }
    server.close()
  })
})

describe('error replies', () => {
  let proxy: FaultProxy
  beforeAll(async () => {
    proxy = await startFaultProxy({ target: redis.port })
  })
  afterEach(() => proxy.pass())
  afterAll(() => proxy.close())

  test.each(['LOADING x', 'MASTERDOWN x', 'BUSY x', 'READONLY x', 'NOAUTH x'])(
    '%s ends the trust, until the check succeeds',
    async (error) => {
      const connection = openConnection({ redisUrl: proxy.url })
      await connection.connect()
      await proxy.answerWithError({ error })
      const reply = error.split(' ')[0]
      await expect(ping(connection)).rejects.toMatchObject({
        code: 'BACKEND_REFUSED',
        context: { reply },
      })
      await sleep(250)
      await expect(ping(connection)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(connection.lastErrorCode).toBe(reply)
      await proxy.pass()
      await back(connection)
    },
  )

  test.each([
    'OOM x',
    'NOPERM x',
    'MISCONF x',
    'NOREPLICAS x',
    'CLUSTERDOWN x',
    'NEWSORT x',
    'ERR x',
  ])('%s refuses one call and no more, also while the trust is regained', async (error) => {
    const onHealthy = vi.fn<() => void>()
    const connection = openConnection({ redisUrl: proxy.url }, { onHealthy })
    await connection.connect()
    await proxy.answerWithError({ error, command: 'GET' })
    await proxy.answerWithError({ error, command: 'PING' })
    const get = connection.run((client) => client.get('key'))
    await expect(get).rejects.toMatchObject({ context: { reply: error.split(' ')[0] } })
    expect(connection.ready).toBe(true)
    await proxy.answerWithError({ error: 'LOADING x', command: 'SET', count: 1 })
    const set = connection.run((client) => client.set('key', 'value'))
    await expect(set).rejects.toMatchObject({ context: { reply: 'LOADING' } })
    await vi.waitFor(() => expect(onHealthy).toHaveBeenCalledTimes(2), { timeout: 5_000 })
  })

  test('READONLY: only another connection can lead to the master', async () => {
    const connection = openConnection({ redisUrl: proxy.url })
    await connection.connect()
    await proxy.answerWithError({ error: 'READONLY x', command: 'SET', count: 1 })
    const before = await proxy.counts()
    const set = connection.run((client) => client.set('key', 'value'))
    await expect(set).rejects.toMatchObject({ context: { reply: 'READONLY' } })
    await back(connection)
    const after = await proxy.counts()
    expect(after.connections.accepted).toBe(before.connections.accepted + 1)
    // Nothing was sent twice.
    expect(after.commands['SET']).toBe((before.commands['SET'] ?? 0) + 1)
  })

  test('a replica is not used, for it would refuse every write', async () => {
    const replica = await startRedis('--replicaof', '127.0.0.1', String(redis.port))
    const connection = openConnection({ redisUrl: replica.url })
    expect(await connection.connect(300)).toBe(false)
    expect(connection.lastErrorCode).toBe('READONLY')
    await askRedis(replica.port, 'REPLICAOF NO ONE')
    await back(connection)
    await replica.stop()
  })
})

describe('a server that refuses', () => {
  test('more clients: the others wait their turn', async () => {
    await using small = await startRedis('--maxclients', '1')
    const first = openConnection({ redisUrl: small.url })
    const second = openConnection({ redisUrl: small.url })
    expect(await first.connect()).toBe(true)
    expect(await second.connect()).toBe(false)
    expect(second.lastErrorCode).toMatch(/^(MAXCLIENTS|CONNECTION_LOST|ECONNRESET|EPIPE)$/)
    await first.close()
    await back(second)
  })

  test('the password: it is asked less and less often, and used once the password is right', async () => {
    await using guarded = await startRedis()
    await using proxy = await startFaultProxy({ target: guarded.port })
    const admin = new Redis(guarded.url)
    await admin.config('SET', 'requirepass', 'old')
    const connection = openConnection({ redisUrl: proxy.url.replace('//', '//:s3cret@') })
    expect(await connection.connect()).toBe(false)
    expect(connection.lastErrorCode).toBe('WRONGPASS')
    await sleep(1_500)
    // A pause of 0.5 to 1 s, and one of 1 to 2 s.
    expect((await proxy.counts()).connections.accepted).toBeLessThanOrEqual(4)
    await expect(ping(connection)).rejects.toThrow('Redis is not connected (WRONGPASS)')
    await admin.config('SET', 'requirepass', 's3cret')
    await vi.waitFor(() => expect(connection.ready).toBe(true), { timeout: 10_000 })
    admin.disconnect()
  })
})
