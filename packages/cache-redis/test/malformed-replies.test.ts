import { type FaultProxy, startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'

const redis = await startRedis()
const ROUNDS = Number(process.env['CORRUPT_ROUNDS'] ?? 3)
const KEYS = 8
const CODES =
  /^BACKEND_(MALFORMED_REPLY|UNAVAILABLE|TIMEOUT|REFUSED|OVERLOADED)$|^LOAD_|^UNREADABLE|^CORRUPT/

let proxy: FaultProxy
const ends: (() => unknown)[] = []
const uncaught: unknown[] = []
const noteUncaught = (error: unknown): unknown => uncaught.push(error)

beforeAll(async () => {
  proxy = await startFaultProxy({ target: redis.port })
})
beforeEach(() => {
  uncaught.length = 0
  process.on('uncaughtException', noteUncaught)
  process.on('unhandledRejection', noteUncaught)
})
afterEach(async () => {
  await proxy.pass()
  for (const end of ends.splice(0)) await end()
  process.off('uncaughtException', noteUncaught)
  process.off('unhandledRejection', noteUncaught)
})
afterAll(async () => {
  await proxy.close()
  await redis.stop()
})

function open(options: GenericRedisCacheOptions): GenericRedisCache {
  const cache = new GenericRedisCache({ keyPrefix: 'm:', ...options })
  ends.push(() => cache.close())
  return cache
}

function clientOf(Client: typeof Redis): Redis {
  const client = new Client(proxy.url)
  client.on('error', () => {})
  ends.push(() => client.disconnect())
  return client
}

/** Values tell which key and which write they belong to. */
const valueOf = (key: string, write: number): object => ({ key, write, pad: 'x'.repeat(50) })

/** Calls every method on a few keys, and collects what must not be. */
async function useAll(cache: GenericRedisCache, round: number): Promise<string[]> {
  const wrong: string[] = []
  const check = (key: string, value: unknown): void => {
    if (value !== undefined && (value as { key?: unknown }).key !== key)
      wrong.push(`value of ${key}`)
  }
  const calls = Array.from({ length: KEYS }, (_, index) => `k${index}`).flatMap((key) => [
    cache.set(key, valueOf(key, round)),
    cache.get(key).then((value) => check(key, value)),
    cache
      .getOrSet(`${key}:load`, () => valueOf(`${key}:load`, round))
      .then((value) => check(`${key}:load`, value)),
    cache.getMany([key, `${key}:load`]).then((found) =>
      found.forEach((value, name) => {
        check(name, value)
      }),
    ),
    cache.exists(key),
    cache.delete(`${key}:load`),
    cache.set(`${key}:tagged`, valueOf(`${key}:tagged`, round), { tags: ['t'] }),
    cache.get(`${key}:tagged`).then((value) => check(`${key}:tagged`, value)),
    cache.getTtl(key),
  ])
  calls.push(cache.invalidateTags(['t']))
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, 5_000, 'late').unref())
  const settled = await Promise.race([Promise.allSettled(calls), late])
  if (settled === 'late') return [...wrong, 'a call does not settle']
  for (const outcome of settled) {
    if (outcome.status === 'fulfilled') continue
    const { name, code } = outcome.reason as { name: string; code?: string }
    if (!CODES.test(code ?? '')) wrong.push(`${name} ${code} ${(outcome.reason as Error).stack}`)
  }
  return wrong
}

/** Waits until Redis is used and holds what is written. */
async function recovered(cache: GenericRedisCache): Promise<void> {
  await vi.waitFor(
    async () => {
      await cache.set('after', 'value')
      const { mode, redis: status } = cache.getStats()
      expect([mode, status.lastErrorCode]).toEqual(['redis', undefined])
      expect(await cache.get('after')).toBe('value')
    },
    { timeout: 10_000, interval: 20 },
  )
}

describe.each(['bit', 'byte', 'digit', 'cut', 'insert'] as const)(
  'replies with a wrong %s',
  (how) => {
    test.each<[string, () => GenericRedisCacheOptions]>([
      ['a client of its own', () => ({ redisUrl: proxy.url })],
      ['a client of its own that throws', () => ({ redisUrl: proxy.url, onBackendError: 'throw' })],
      ['a client of ioredis 6', () => ({ client: clientOf(Redis) })],
      ['a client of ioredis 5', () => ({ client: clientOf(Redis5 as unknown as typeof Redis) })],
    ])('a cache with %s survives them and recovers', { timeout: 120_000 }, async (_name, where) => {
      const cache = open(where())
      await cache.connect()
      const wrong: string[] = []
      for (let round = 1; round <= ROUNDS; round++) {
        await proxy.corruptReplies({ share: 0.03, how, seed: round * 7919 })
        wrong.push(...(await useAll(cache, round)))
        await proxy.pass()
        await recovered(cache)
      }
      expect(uncaught).toEqual([])
      expect(wrong).toEqual([])
    })
  },
)
