import { InfrastructureError } from '@verbatim/cache-core'
import { startRedis } from '@verbatim/test-support'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createRedisClient } from '../../src/connection/redis-client.js'
import { RedisConnection } from '../../src/connection/redis-connection.js'
import { parseRedisUrl } from '../../src/connection/redis-url.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const opened: RedisConnection[] = []
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close()
})

function open(check: () => Promise<void> = () => Promise.resolve()): RedisConnection {
  const connection = new RedisConnection({
    client: createRedisClient(parseRedisUrl(redis.url), 5_000),
    owned: true,
    commandTimeoutMs: 5_000,
    check,
    onChange: () => {},
  })
  opened.push(connection)
  return connection
}

describe('RedisConnection', () => {
  test('callers that connect at once share one connection and one check', async () => {
    const check = vi.fn(() => Promise.resolve())
    const connection = open(check)
    expect(await Promise.all([connection.connect(), connection.connect()])).toEqual([true, true])
    expect(check).toHaveBeenCalledOnce()
  })

  test('is not used before the check has ended', async () => {
    let begin = (): void => {}
    let finish = (): void => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const connection = open(() => {
      begin()
      return new Promise<void>((resolve) => (finish = resolve))
    })
    const connected = connection.connect()
    await begun
    expect(connection.ready).toBe(false)
    finish()
    expect(await connected).toBe(true)
    expect(connection.ready).toBe(true)
  })

  test('a check that fails is made again, and its reason is known until it succeeds', async () => {
    const refusal = Object.assign(new Error('NOPERM no'), { name: 'ReplyError' })
    const check = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(refusal)
    const connection = open(check)
    const connected = connection.connect()
    await vi.waitFor(() => expect(connection.lastTrouble).toBe('NOPERM'))
    expect(await connected).toBe(true)
    expect(check).toHaveBeenCalledTimes(2)
    expect(connection.lastTrouble).toBeUndefined()
  })

  test('while the check keeps failing, calls fail at once and checks are not made in crowds', async () => {
    const check = vi.fn(() => Promise.reject(new Error('no')))
    const connection = open(check)
    await connection.connect(50)
    const ping = (): Promise<unknown> => connection.run((client) => client.ping())
    await ping().catch(() => undefined)
    const startedAt = performance.now()
    const before = check.mock.calls.length
    while (performance.now() - startedAt < 500) {
      const callAt = performance.now()
      await expect(ping()).rejects.toThrow('Redis is not connected')
      expect(performance.now() - callAt).toBeLessThan(100)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(check.mock.calls.length - before).toBeLessThan(10)
    await connection.close()
    const afterClose = check.mock.calls.length
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(check.mock.calls.length).toBe(afterClose)
  })

  test('a mistake in our own code is not taken for trouble with Redis', async () => {
    const connection = open()
    await connection.connect()
    const mistake = new TypeError('undefined is not a function')
    await expect(connection.run(() => Promise.reject(mistake))).rejects.toBe(mistake)
    expect(connection.ready).toBe(true)
  })

  test('a refusal is told by its kind only, and costs no trust', async () => {
    const connection = open()
    await connection.connect()
    const refusal = await connection
      .run((client) => client.lpush('key', 's3cret').then(() => client.incr('key')))
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InfrastructureError)
    expect(refusal).toMatchObject({ code: 'BACKEND_REFUSED', context: { reply: 'WRONGTYPE' } })
    expect((refusal as Error).cause).toBeUndefined()
    expect(connection.ready).toBe(true)
  })

  test('after close nothing is sent', async () => {
    const connection = open()
    await connection.connect()
    await Promise.all([connection.close(), connection.close()])
    expect(await connection.connect()).toBe(false)
    await expect(connection.run((client) => client.ping())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })
})
