import { InfrastructureError } from '@verbatim/cache-core'
import { type RedisCluster, startRedisCluster } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { slotOf } from '../src/connection/cluster-slots.js'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'

let cluster: RedisCluster
const opened: GenericRedisCache[] = []
let caches = 0

beforeAll(async () => {
  cluster = await startRedisCluster({ nodeTimeoutMs: 60_000 })
}, 60_000)
afterAll(() => cluster.stop())
afterEach(async () => {
  frozen().resume()
  for (const cache of opened.splice(0)) await cache.close()
})

const frozen = (): RedisCluster['masters'][number] => {
  const [, second] = cluster.masters
  if (second === undefined) throw new Error('no second master')
  return second
}

async function open(options: GenericRedisCacheOptions = {}): Promise<GenericRedisCache> {
  const cache = new GenericRedisCache({
    cluster: { urls: cluster.urls },
    keyPrefix: `partial-${caches++}:`,
    enableL1Cache: false,
    ...options,
  })
  opened.push(cache)
  if (!(await cache.connect())) throw new Error('the cluster does not answer')
  return cache
}

/** Returns whether the second of three masters holds a key. */
const isOnFrozen = (prefix: string, key: string): boolean =>
  Math.floor((slotOf(prefix + key) * 3) / 16_384) === 1

/** Returns a prefix whose tags the second of three masters holds. */
function prefixWithFrozenTags(): string {
  let prefix = ''
  do prefix = `partial-${caches++}:`
  while (!isOnFrozen('', `{tags of ${prefix}}`))
  return prefix
}

async function withEntries(
  options: GenericRedisCacheOptions = {},
): Promise<{ cache: GenericRedisCache; healthy: string[]; unreachable: string[]; prefix: string }> {
  const { keyPrefix: prefix = `partial-${caches++}:` } = options
  const cache = await open({ ...options, keyPrefix: prefix })
  const keys = Array.from({ length: 300 }, (_, index) => `key:${index}`)
  await cache.setMany(keys.map((key) => [key, key] as const))
  expect((await cache.getMany(keys)).size).toBe(300)
  return {
    ...{ cache, prefix },
    healthy: keys.filter((key) => !isOnFrozen(prefix, key)),
    unreachable: keys.filter((key) => isOnFrozen(prefix, key)),
  }
}

const settled = (cache: GenericRedisCache): Promise<void> =>
  vi.waitFor(
    () => {
      expect(cache.getStats().redis.unconfirmedDeletes).toBe(0)
      expect(cache.getStats().redis.circuit).toBe('closed')
    },
    { timeout: 15_000, interval: 20 },
  )

describe('a cluster with a frozen master', { timeout: 40_000 }, () => {
  test('getMany returns the keys of the others, and they keep hitting', async () => {
    const { cache, healthy, unreachable } = await withEntries()
    frozen().pause()
    for (let round = 0; round < 5; round++) {
      const startedAt = performance.now()
      const found = await cache.getMany([...healthy, ...unreachable])
      expect([...found.keys()].toSorted()).toEqual(healthy.toSorted())
      expect(performance.now() - startedAt).toBeLessThan(3_000)
    }
    for (const key of healthy) expect(await cache.get(key)).toBe(key)
    expect(await cache.get(unreachable[0] ?? '')).toBeUndefined()
    frozen().resume()
    await settled(cache)
    expect((await cache.getMany([...healthy, ...unreachable])).size).toBe(300)
  })

  test('clear removes what it can, reports the rest, and removes it later', async () => {
    const { cache, healthy, prefix } = await withEntries()
    const errors: InfrastructureError[] = []
    cache.on('backend_error', (error) => errors.push(error))
    frozen().pause()
    expect(await cache.clear()).toBe(healthy.length)
    expect(errors.at(-1)).toMatchObject({
      name: 'InfrastructureError',
      context: { masters: 1, removed: healthy.length },
    })
    // Keys of healthy masters are used again at once.
    await cache.set(healthy[0] ?? '', 'new')
    expect(await cache.get(healthy[0] ?? '')).toBe('new')
    frozen().resume()
    await settled(cache)
    expect(await keysLeft(prefix)).toEqual([prefix + healthy[0]])
  })

  test("clear throws with onBackendError 'throw', and has removed what it could", async () => {
    const { cache, healthy, unreachable, prefix } = await withEntries({ onBackendError: 'throw' })
    frozen().pause()
    const error = await cache.clear().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InfrastructureError)
    expect(error).toMatchObject({ context: { masters: 1, removed: healthy.length } })
    expect(await cache.get(unreachable[0] ?? '')).toBeUndefined()
    expect(await cache.get(healthy[0] ?? '')).toBeUndefined()
    frozen().resume()
    await settled(cache)
    expect(await keysLeft(prefix)).toEqual([])
  })

  test('invalidatePattern leaves what does not match', async () => {
    const { cache, healthy, unreachable } = await withEntries()
    frozen().pause()
    const matching = (keys: string[]): string[] => keys.filter((key) => key.startsWith('key:1'))
    expect(await cache.invalidatePattern('key:1*')).toBe(matching(healthy).length)
    frozen().resume()
    await settled(cache)
    const left = await cache.getMany([...healthy, ...unreachable])
    expect(left.size).toBe(300 - matching(healthy).length - matching(unreachable).length)
  })

  test('setMany stores the keys of healthy masters, and they hit at once', async () => {
    const { cache, healthy, unreachable, prefix } = await withEntries()
    const other = await open({ keyPrefix: prefix })
    frozen().pause()
    await cache.setMany([...unreachable, ...healthy].map((key) => [key, 'new'] as const))
    const found = await cache.getMany(healthy)
    expect(healthy.filter((key) => found.get(key) !== 'new')).toEqual([])
    for (const key of healthy.slice(0, 20)) expect(await other.get(key)).toBe('new')
  })

  test('deleteMany counts the keys of healthy masters', async () => {
    const { cache, healthy, unreachable } = await withEntries()
    frozen().pause()
    expect(await cache.deleteMany([...unreachable, ...healthy])).toBe(healthy.length)
    expect(cache.getStats().redis.unconfirmedDeletes).toBe(unreachable.length)
  })

  test("setMany throws with onBackendError 'throw', and stores the keys of healthy masters", async () => {
    const { cache, healthy, unreachable } = await withEntries({ onBackendError: 'throw' })
    frozen().pause()
    const entries = [...unreachable, ...healthy].map((key) => [key, 'new'] as const)
    await expect(cache.setMany(entries)).rejects.toBeInstanceOf(InfrastructureError)
    for (const key of healthy.slice(0, 20)) expect(await cache.get(key)).toBe('new')
  })

  test('setMany and deleteMany lose no key of a healthy master', async () => {
    const { cache, healthy, unreachable } = await withEntries()
    frozen().pause()
    await cache.setMany([...healthy, ...unreachable].map((key) => [key, 'new'] as const))
    await cache.deleteMany(unreachable.slice(0, 5))
    const deleted = healthy.slice(0, 5)
    await cache.deleteMany(deleted)
    for (const key of deleted) expect(await cache.get(key)).toBeUndefined()
    frozen().resume()
    await settled(cache)
    const found = await cache.getMany([...healthy, ...unreachable])
    for (const key of healthy.slice(5)) expect(found.get(key)).toBe('new')
    for (const [, value] of found) expect(value).toBe('new')
    for (const key of [...deleted, ...unreachable.slice(0, 5)]) expect(found.has(key)).toBe(false)
  })

  test('memory serves and accepts the keys of the frozen master', async () => {
    const { cache, healthy, unreachable } = await withEntries({
      enableL1Cache: true,
      l1CacheSize: 1_000,
    })
    const [copied = '', written = '', loaded = '', deleted = ''] = unreachable
    await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'))
    for (const key of [copied, deleted]) expect(await cache.get(key)).toBe(key)
    await cache.delete(loaded)
    frozen().pause()
    await vi.waitFor(async () => {
      await cache.set(written, 'first')
      expect(cache.getStats().redis.circuit).toBe('partial')
    })
    const load = vi.fn(() => 'loaded')
    for (let round = 0; round < 20; round++) {
      expect(await cache.get(copied)).toBe(copied)
      await cache.set(written, round)
      expect(await cache.get(written)).toBe(round)
      expect((await cache.getMany([written])).get(written)).toBe(round)
      expect(await cache.getOrSet(loaded, load)).toBe('loaded')
      await cache.delete(deleted)
      expect(await cache.get(deleted)).toBeUndefined()
      expect(await cache.get(healthy[round] ?? '')).toBe(healthy[round])
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(load).toHaveBeenCalledOnce()
    expect(cache.getStats().notStored).toEqual({})
    frozen().resume()
    await settled(cache)
    expect(await cache.get(written)).toBeUndefined()
  })

  test('memory serves and accepts tagged values while the master of the tags is frozen', async () => {
    const { cache, healthy } = await withEntries({
      enableL1Cache: true,
      keyPrefix: prefixWithFrozenTags(),
    })
    const [copied = '', written = ''] = healthy
    await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'))
    const options = { tags: ['tag'] }
    await cache.set(copied, copied, options)
    expect(await cache.get(copied)).toBe(copied)
    frozen().pause()
    await vi.waitFor(async () => {
      await cache.invalidateTags(['other'])
      expect(cache.getStats().redis.circuit).toBe('partial')
    })
    for (let round = 0; round < 20; round++) {
      expect(await cache.get(copied)).toBe(copied)
      await cache.set(written, round, options)
      expect(await cache.get(written)).toBe(round)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await cache.invalidateTags(['tag'])
    for (const key of [copied, written]) expect(await cache.get(key)).toBeUndefined()
    frozen().resume()
    await settled(cache)
    for (const key of [copied, written]) expect(await cache.get(key)).toBeUndefined()
  })

  test('getOrSet and set of healthy keys go on as usual', async () => {
    const { cache, prefix } = await withEntries()
    frozen().pause()
    const other = await open({ keyPrefix: prefix }).catch(() => undefined)
    let hits = 0
    for (let index = 0; index < 100; index++) {
      const key = `another:${index}`
      if (isOnFrozen(prefix, key)) continue
      await cache.set(key, index)
      if ((await cache.get(key)) === index) hits++
      expect(await cache.getOrSet(`loaded:${key}`, () => index)).toBe(index)
    }
    expect(hits).toBeGreaterThan(50)
    await other?.close()
  })
})

async function keysLeft(prefix: string): Promise<string[]> {
  const left: string[] = []
  for (const url of cluster.urls) {
    const raw = new Redis(url)
    const names = await raw.keys(`${prefix}*`)
    raw.disconnect()
    left.push(...names.filter((name) => !name.includes('\0')))
  }
  return left
}
