import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis, type RedisOptions } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../src/fault-proxy.js'
import { RawClient } from './raw-client.js'

export interface SetUp {
  readonly redis: RedisServer
  readonly proxy: FaultProxy
  /** A client without the proxy. */
  readonly direct: Redis
  /** Returns a connected client through the proxy. */
  client(options?: Pick<RedisOptions, 'retryStrategy'>): Promise<Redis>
  rawClient(): Promise<RawClient>
}

/** Starts a server and a proxy for a test file. Each test starts without faults and connections. */
export function setUp(...redisArgs: string[]): SetUp {
  const opened: { disconnect(): void }[] = []
  const given: { redis?: RedisServer; proxy?: FaultProxy; direct?: Redis } = {}

  beforeAll(async () => {
    given.redis = await startRedis(...redisArgs)
    given.proxy = await startFaultProxy({ target: given.redis.port })
    given.direct = new Redis(given.redis.url)
  })
  beforeEach(() => given.direct?.flushall())
  afterEach(async () => {
    for (const client of opened.splice(0)) client.disconnect()
    await given.proxy?.pass()
    await given.proxy?.cut()
  })
  afterAll(async () => {
    given.direct?.disconnect()
    await given.proxy?.close()
    await given.redis?.stop()
  })

  return {
    get redis() {
      return present(given.redis)
    },
    get proxy() {
      return present(given.proxy)
    },
    get direct() {
      return present(given.direct)
    },
    async client(options = {}) {
      const client = new Redis(this.proxy.url, { ...options, lazyConnect: true })
      opened.push(client)
      client.on('error', () => undefined)
      await client.connect()
      return client
    },
    async rawClient() {
      const client = await RawClient.open(this.proxy.port)
      opened.push({ disconnect: () => client[Symbol.dispose]() })
      return client
    },
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the tests have not started yet')
  return value
}

/** Returns whether a promise is still pending after a time that is much longer than it needs. */
export async function isPending(work: Promise<unknown>, milliseconds = 60): Promise<boolean> {
  const settled = work.then(
    () => false,
    () => false,
  )
  return Promise.race([settled, sleep(milliseconds, true)])
}

/** Repeats a check until the result is as expected, for slow machines. */
export const eventually = <T>(ask: () => T): ReturnType<typeof expect.poll<T>> =>
  expect.poll(ask, { timeout: 10_000, interval: 5 })

export async function timed(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work
  return performance.now() - startedAt
}
