import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

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

  test.each([
    ['a delete', (cache: GenericRedisCache) => cache.delete('key')],
    ['the invalidation of a pattern', (cache: GenericRedisCache) => cache.invalidatePattern('k*')],
    ['the invalidation of a tag', (cache: GenericRedisCache) => cache.invalidateTags(['tag'])],
  ])('makes %s again that was pending until just before', async (_what, change) => {
    const proxy = await startFaultProxy({ target: at.redis.port })
    at.atTheEnd(() => proxy.close())
    const writer = await at.openConnected({ redisUrl: proxy.url })
    await writer.set('key', 'old', { tags: ['tag'] })
    await untilCovered()
    await at.raw.save()
    for (const command of ['EVALSHA', 'EVAL']) {
      await proxy.answerWithError({ command, error: 'ERR refused', count: 1_000 })
    }
    await change(writer)
    expect(writer.getStats().redis.unconfirmedDeletes).toBe(1)
    await proxy.pass()
    await vi.waitFor(() => expect(writer.getStats().redis.unconfirmedDeletes).toBe(0), reconnected)
    await at.redis.crash()
    expect([...(await readAfterRestart([writer], ['key']))]).toEqual([undefined])
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
      // A busy disk takes long, and a write that times out would be made in memory.
      const cache = new GenericRedisCache({ redisUrl: redis.url, commandTimeout: 5_000 })
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

describe('a server that restarts from an older snapshot and refuses writes', () => {
  const refusals = ['NOREPLICAS', 'OOM'] as const
  const refuse = (reply: (typeof refusals)[number], yes: boolean): Promise<unknown> =>
    reply === 'OOM'
      ? at.raw.config('SET', 'maxmemory', yes ? '1' : '0')
      : at.raw.config('SET', 'min-replicas-to-write', yes ? '1' : '0')

  test.each(refusals)('(%s) until shortly before: the epochs go on', async (reply) => {
    const [writer, survivor] = await openAll(2, { onBackendError: 'degrade' })
    if (writer === undefined || survivor === undefined) throw new Error('no caches')
    await writer.set('key', 'old')
    await survivor.set('other', 'old')
    await untilCovered()
    await at.raw.save()
    await writer.set('waits for an epoch', 1)
    await refuse(reply, true)
    await writer.delete('other')
    await sleep(500)
    await refuse(reply, false)
    await writer.delete('key')
    await untilCovered()
    await writer.close()
    await at.redis.crash()
    expect([...(await readAfterRestart([survivor], ['key', 'other']))]).not.toContain('old')
  })

  test('a delete begins an epoch while Redis is out of memory', async () => {
    const [writer, survivor] = await openAll(2)
    if (writer === undefined || survivor === undefined) throw new Error('no caches')
    await writer.set('key', 'old')
    await untilCovered()
    await at.raw.save()
    await refuse('OOM', true)
    await writer.delete('key')
    await untilCovered()
    await writer.close()
    await at.redis.crash()
    expect([...(await readAfterRestart([survivor], ['key']))]).not.toContain('old')
  })

  test('after the restart, too: what it brought back stays void until it can be made so', async () => {
    await using redis = await startRedis('--min-replicas-to-write', '1')
    const admin = new Redis(redis.url).on('error', () => undefined)
    at.atTheEnd(() => admin.disconnect())
    await admin.config('SET', 'min-replicas-to-write', '0')
    const [writer, survivor] = await openAll(2, { redisUrl: redis.url })
    if (writer === undefined || survivor === undefined) throw new Error('no caches')
    await writer.set('key', 'old')
    await survivor.get('key')
    await untilCovered()
    await admin.save()
    await writer.delete('key')
    await untilCovered()
    await writer.close()
    await redis.crash()
    expect([...(await readAfterRestart([survivor], ['key']))]).toEqual([undefined])
    await admin.config('SET', 'min-replicas-to-write', '0')
    expect([...(await readAfterRestart([survivor], ['key']))]).toEqual([undefined])
    await survivor.set('key', 'new')
    expect(await survivor.get('key')).toBe('new')
    const newcomer = await at.openConnected({ redisUrl: redis.url })
    expect(await newcomer.get('key')).toBe('new')
  })

  test('to a reader, which cannot raise the generation: it serves nothing old', async () => {
    const writer = await at.openConnected()
    const reader = await at.openConnected({ readOnly: true })
    await writer.set('key', 'old')
    expect(await reader.get('key')).toBe('old')
    await untilCovered()
    await at.raw.save()
    await writer.delete('key')
    await untilCovered()
    await writer.close()
    await at.redis.crash()
    expect([...(await readAfterRestart([reader], ['key']))]).toEqual([undefined])
    // Also after another loss of its connection.
    await at.raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    expect([...(await readAfterRestart([reader], ['key']))]).toEqual([undefined])
  })
})
