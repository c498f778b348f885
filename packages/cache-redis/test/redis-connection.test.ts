import { InfrastructureError } from '@verbatim/cache-core'
import { startRedis } from '@verbatim/test-support'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createRedisClient } from '../src/redis-client.js'
import { RedisConnection } from '../src/redis-connection.js'
import { parseRedisUrl } from '../src/redis-url.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const opened: RedisConnection[] = []
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close()
})

function open(recover: () => Promise<void> = () => Promise.resolve()): RedisConnection {
  const connection = new RedisConnection({
    client: createRedisClient(parseRedisUrl(redis.url), 5_000),
    owned: true,
    commandTimeoutMs: 5_000,
    recover,
    onChange: () => {},
  })
  opened.push(connection)
  return connection
}

describe('RedisConnection', () => {
  test('callers that connect at once share one connection and one recovery', async () => {
    const recover = vi.fn(() => Promise.resolve())
    const connection = open(recover)
    expect(await Promise.all([connection.connect(), connection.connect()])).toEqual([true, true])
    expect(recover).toHaveBeenCalledOnce()
  })

  test('is not used before the recovery has ended', async () => {
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

  test('a doubt that comes up during the recovery makes it run again', async () => {
    const recover = vi.fn()
    const connection: RedisConnection = open(async () => {
      recover()
      if (recover.mock.calls.length === 1) connection.distrust()
    })
    expect(await connection.connect()).toBe(true)
    expect(recover).toHaveBeenCalledTimes(2)
  })

  test('a recovery that fails is tried again', async () => {
    const recover = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('not yet'))
    const connection = open(recover)
    expect(await connection.connect()).toBe(true)
    expect(recover).toHaveBeenCalledTimes(2)
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
    await connection.close()
    expect(await connection.connect()).toBe(false)
    await expect(connection.run((client) => client.ping())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })
})
