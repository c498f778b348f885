import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '@verbatim/test-support'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { SetUp } from './set-up.js'

const at = new SetUp({})
beforeEach(() => at.start())
afterEach(async () => {
  await at.end()
  await at.stop()
})

const reconnected = { timeout: 10_000, interval: 5 }

async function openAll(
  count: number,
  options?: GenericRedisCacheOptions,
): Promise<GenericRedisCache[]> {
  const caches: GenericRedisCache[] = []
  for (let index = 0; index < count; index++) caches.push(await at.openConnected(options))
  return caches
}

/** Waits until the epoch that follows a change has begun, and every process has seen it. */
const untilCovered = (): Promise<void> => sleep(700)

/** Reads a key as soon as each cache uses Redis again, and for a while after that. */
async function readAfterRestart(
  caches: readonly GenericRedisCache[],
  keys: readonly string[],
): Promise<Set<unknown>> {
  const seen = new Set<unknown>()
  await Promise.all(
    caches.map(async (cache) => {
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), reconnected)
      const endsAt = performance.now() + 1_500
      while (performance.now() < endsAt) {
        for (const value of (await cache.getMany(keys)).values()) seen.add(value)
        for (const key of keys) seen.add(await cache.get(key))
        await sleep(5)
      }
    }),
  )
  return seen
}

describe('a server that restarts from an older snapshot', () => {
  test.each([
    ['alive', 'delete'],
    ['gone', 'delete'],
    ['alive', 'set'],
    ['gone', 'set'],
    ['gone', 'invalidatePattern'],
    ['gone', 'invalidateTags'],
    ['gone', 'clear'],
    ['gone', 'deleteMany'],
  ] as const)(
    'brings nothing back in any process, with the writer %s, after %s',
    async (writerIs, method) => {
      const [writer, ...others] = await openAll(4)
      if (writer === undefined) throw new Error('no writer')
      const keys = ['a', 'b', 'c']
      for (const key of keys) await writer.set(key, 'old', { tags: ['t'] })
      for (const cache of others) await cache.getMany(keys)
      await untilCovered()
      await at.raw.save()
      if (method === 'set') for (const key of keys) await writer.set(key, 'new')
      else if (method === 'delete') for (const key of keys) await writer.delete(key)
      else if (method === 'deleteMany') await writer.deleteMany(keys)
      else if (method === 'invalidatePattern') await writer.invalidatePattern('*')
      else if (method === 'invalidateTags') await writer.invalidateTags(['t'])
      else await writer.clear()
      await untilCovered()
      if (writerIs === 'gone') await writer.close()
      await at.redis.crash()
      const survivors = writerIs === 'gone' ? others : [writer, ...others]
      expect([...(await readAfterRestart(survivors, keys))]).not.toContain('old')
      // The bytes are there still: nothing was deleted, everything is void.
      expect(await at.raw.exists('cache:a', 'cache:b', 'cache:c')).toBe(3)
    },
  )

  test('is noticed although a process that knew nothing of it came first', async () => {
    const survivor = await at.openConnected()
    await survivor.set('key', 'old')
    await untilCovered()
    await at.raw.save()
    await survivor.delete('key')
    await untilCovered()
    await at.redis.crash()
    const newcomer = await at.openConnected()
    for (let round = 0; round < 8; round++) {
      // Each begins an epoch: their number alone would tell the survivor nothing.
      await newcomer.set(`round ${round}`, round)
      await sleep(100)
    }
    expect([...(await readAfterRestart([survivor], ['key']))]).not.toContain('old')
    expect([...(await readAfterRestart([newcomer], ['key']))]).not.toContain('old')
  })

  test('makes a change again that no epoch covered yet, if its process is alive', async () => {
    const [writer, other] = await openAll(2)
    await writer?.set('key', 'old')
    await untilCovered()
    await at.raw.save()
    await writer?.delete('key')
    await at.redis.crash()
    await vi.waitFor(() => expect(writer?.getStats().mode).toBe('redis'), reconnected)
    await vi.waitFor(() => expect(writer?.getStats().redis.unconfirmedDeletes).toBe(0), reconnected)
    expect(await writer?.get('key')).toBeUndefined()
    await vi.waitFor(() => expect(other?.getStats().mode).toBe('redis'), reconnected)
    expect(await other?.get('key')).toBeUndefined()
  })

  test('an empty server is a store like any other: what is written after that stays', async () => {
    const caches = await openAll(2)
    await caches[0]?.set('key', 'old')
    await untilCovered()
    await at.redis.restart()
    expect([...(await readAfterRestart(caches, ['key']))]).toEqual([undefined])
    await caches[0]?.set('key', 'new')
    for (const cache of caches) expect(await cache.get('key')).toBe('new')
  })
})

describe('a server that restarts and has lost nothing', () => {
  test('keeps every value, also those written just before', async () => {
    await using redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const open = (): GenericRedisCache => {
      const cache = new GenericRedisCache({ redisUrl: redis.url })
      at.atTheEnd(() => cache.close())
      return cache
    }
    const [cache, other] = [open(), open()]
    const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`)
    for (const key of keys) await cache.getOrSet(key, () => 'loaded')
    for (const key of keys.slice(0, 50)) await cache.set(key, 'loaded')
    await other.get('another')
    await redis.crash()
    for (const each of [cache, other]) {
      await vi.waitFor(
        async () => expect((await each.getMany(keys)).size).toBe(keys.length),
        reconnected,
      )
      // What was pending is settled, and has removed nothing.
      await vi.waitFor(() => expect(each.getStats().redis.unconfirmedDeletes).toBe(0), reconnected)
    }
  })
})
