import { InfrastructureError } from '@verbatim/cache-core'
import { startRedis } from '@verbatim/test-support'
import type { Redis } from 'ioredis'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type {
  ConnectionListener,
  ConnectionOptions,
  RedisConnection,
} from '../../src/connection/redis-connection.js'
import { openConnection } from './open-connection.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const open = (overrides: Partial<ConnectionOptions & ConnectionListener> = {}): RedisConnection =>
  openConnection({ redisUrl: redis.url }, overrides)

describe('connecting', () => {
  test('callers that connect at once share one connection and one check', async () => {
    const check = vi.fn(() => Promise.resolve())
    const connection = open({ check })
    expect(await Promise.all([connection.connect(), connection.connect()])).toEqual([true, true])
    expect(check).toHaveBeenCalledOnce()
  })

  test('the first calls connect, and wait for it', async () => {
    const connection = open()
    const ping = (): Promise<string> => connection.run((client) => client.ping())
    expect(await Promise.all([ping(), ping()])).toEqual(['PONG', 'PONG'])
  })

  test('it is not used before the check has ended', async () => {
    let begin = (): void => {}
    let finish = (): void => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const check = (): Promise<void> => {
      begin()
      return new Promise<void>((resolve) => (finish = resolve))
    }
    const connection = open({ check })
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
    const connection = open({ check })
    const connected = connection.connect()
    await vi.waitFor(() => expect(connection.lastErrorCode).toBe('NOPERM'))
    expect(await connected).toBe(true)
    expect(check).toHaveBeenCalledTimes(2)
    expect(connection.lastErrorCode).toBeUndefined()
  })

  test('a check that outlives its connection says nothing about the next one', async () => {
    let checks = 0
    const check = async (master: Redis): Promise<void> => {
      if (++checks > 1) return
      master.stream.destroy()
      await vi.waitFor(() => expect(master.status).toBe('reconnecting'))
      await vi.waitFor(() => expect(master.status).toBe('ready'), { timeout: 3_000 })
    }
    const connection = open({ check })
    await connection.connect()
    await vi.waitFor(() => expect(connection.ready).toBe(true), { timeout: 3_000 })
    expect(checks).toBe(2)
  })

  test('while the check keeps failing, calls fail at once and checks are not made in crowds', async () => {
    const check = vi.fn(() => Promise.reject(new Error('no')))
    const connection = open({ check })
    await connection.connect(50)
    const ping = (): Promise<unknown> => connection.run((client) => client.ping())
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

  test('each loss and each recovery is reported once', async () => {
    const states: (boolean | string)[] = []
    const connection = open({
      onAvailability: (ready) => states.push(ready),
      onHealthy: (master) => states.push(master.status),
    })
    await connection.connect()
    const [master] = connection.masters()
    master?.stream.destroy()
    const all = [true, 'ready', false, true, 'ready']
    await vi.waitFor(() => expect(states).toEqual(all), { timeout: 3_000 })
  })
})

describe('the error of a call', () => {
  test('an unreadable reply marks the server unhealthy and closes the connection', async () => {
    const connection = open()
    await connection.connect()
    const failures = [
      new TypeError('no list'),
      new RangeError('no date'),
      new SyntaxError('no number'),
    ]
    for (const failure of failures) {
      const [master] = connection.masters()
      const { stream } = master as Redis
      const thrown = (): never => {
        throw failure
      }
      const result = connection.run((client) => client.ping().then(thrown))
      await expect(result).rejects.toMatchObject({
        code: 'BACKEND_MALFORMED_REPLY',
        context: { outcome: 'indeterminate' },
      })
      expect(connection.ready).toBe(false)
      expect(stream.destroyed).toBe(true)
      await vi.waitFor(() => expect(connection.ready).toBe(true), { timeout: 3_000 })
    }
  })

  test('a refusal by its kind only; it costs no trust', async () => {
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

  test('a lost connection, without what was sent', async () => {
    const connection = open()
    await connection.connect()
    const lost = await connection
      .run((client) => {
        const answer = client.blpop('s3cret', 0)
        ;(client as Redis).stream.destroy()
        return answer
      })
      .catch((error: unknown) => error)
    expect(lost).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      context: { reason: 'CONNECTION_LOST' },
    })
    expect(JSON.stringify(lost) + String(lost)).not.toContain('s3cret')
  })

  test('that there are too many, at once, at no cost to the others', async () => {
    const connection = open()
    await connection.connect()
    const calls = Array.from({ length: 10_001 }, () => connection.run((client) => client.ping()))
    const answers = await Promise.allSettled(calls)
    expect(answers.at(-1)).toMatchObject({ reason: { code: 'BACKEND_OVERLOADED' } })
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(connection.ready).toBe(true)
    expect(await connection.run((client) => client.ping())).toBe('PONG')
  })
})

describe('closing', () => {
  test('nothing is sent after it', async () => {
    const connection = open()
    await connection.connect()
    await Promise.all([connection.close(), connection.close()])
    expect(await connection.connect()).toBe(false)
    await expect(connection.run((client) => client.ping())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })

  test('a call in flight gets its reply', async () => {
    const connection = open()
    await connection.connect()
    const answer = connection.run((client) => client.blpop('nothing', 0.2).then(() => 'answered'))
    await connection.close()
    expect(await answer).toBe('answered')
  })

  test('a call without a reply in time fails', async () => {
    const connection = open()
    await connection.connect()
    const answer = connection.run((client) => client.blpop('nothing', 0))
    await Promise.all([
      expect(answer).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' }),
      connection.close({ drainMs: 100 }),
    ])
  })

  test('those that wait for the connection wait no longer', async () => {
    const connection = open({ check: () => new Promise(() => {}) })
    const connected = connection.connect()
    const answer = connection.run((client) => client.ping())
    await connection.close({ drainMs: 0 })
    expect(await connected).toBe(false)
    await expect(answer).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
