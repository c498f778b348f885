import { plantForeignKeys, stateOf } from '@verbatim/test-support'
import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis({ keyPrefix: 'app:' })

/** Every method that reads, counts or removes. */
const METHODS: Record<string, (cache: GenericRedisCache, keys: readonly string[]) => unknown> = {
  get: (cache, keys) => Promise.all(keys.map((key) => cache.get(key))),
  getMany: (cache, keys) => cache.getMany(keys),
  getOrSet: (cache, keys) => Promise.all(keys.map((key) => cache.getOrSet(key, () => 'loaded'))),
  'getOrSet with tags': (cache, keys) =>
    Promise.all(keys.map((key) => cache.getOrSet(key, () => 'loaded', { tags: ['even'] }))),
  'getOrSet with stale options': (cache, keys) =>
    Promise.all(
      keys.map((key) =>
        cache.getOrSet(key, () => 'loaded', { staleIfError: '1h', staleWhileRevalidate: '1h' }),
      ),
    ),
  exists: (cache, keys) => Promise.all(keys.map((key) => cache.exists(key))),
  getTtl: (cache, keys) => Promise.all(keys.map((key) => cache.getTtl(key))),
  scan: (cache) => drained(cache),
  add: (cache, keys) => Promise.all(keys.map((key) => cache.add(key, 'added'))),
  delete: (cache, keys) => Promise.all(keys.map((key) => cache.delete(key))),
  deleteMany: (cache, keys) => cache.deleteMany(keys),
  invalidateTags: (cache) => cache.invalidateTags(['even', 'odd']),
  invalidatePattern: (cache) => cache.invalidatePattern('*:*'),
  clear: (cache) => cache.clear(),
}

async function drained(cache: GenericRedisCache): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return keys
}

/** Returns what a cache stores under a key, as text. */
async function storedLine(): Promise<string> {
  await using cache = new GenericRedisCache({ redisUrl: at.redis.url, keyPrefix: 'app:' })
  await cache.set('model', { answer: 42 }, '1h')
  return (await at.raw.getdel('app:model')) ?? ''
}

/** Plants values of other caches whose prefixes start with `app:`. Returns the names. */
async function plantNeighbours(count: number): Promise<string[]> {
  for (const keyPrefix of ['app:users:', 'app:{users}:', 'app:\u0000x']) {
    const neighbour = new GenericRedisCache({ redisUrl: at.redis.url, keyPrefix })
    await neighbour.connect()
    for (let index = 0; index < count; index++) {
      await neighbour.set(`${index}`, { index }, { tags: index % 2 === 0 ? ['even'] : [] })
    }
    await neighbour.close()
  }
  return (await at.raw.keys('app:*')).filter((name) => /^app:(?:users:|\{users\}:|\0x)/.test(name))
}

describe.each([
  ['two tiers', {}],
  ['Redis only', { enableL1Cache: false }],
  ['a cache that throws', { onBackendError: 'throw' as const }],
  ['a cache that accepts small values only', { maxValueBytes: 1_024 }],
  ['a user who may call functions only', { user: ['-eval', '-evalsha'] }],
  ['a user who may run no scripts', { user: ['-@scripting'] }],
])('%s', (title, { user, ...options }: GenericRedisCacheOptions & { user?: string[] }) => {
  /** Returns the URL for a user without these permissions. */
  async function redisUrl(): Promise<string> {
    if (user === undefined) return at.redis.url
    const login = title.replaceAll(' ', '-')
    await at.raw.call('ACL', 'SETUSER', login, 'on', '>secret', '~*', '&*', '+@all', ...user)
    return at.redis.url.replace('//', `//${login}:secret@`)
  }

  test('no method changes a key that is not of this cache', async () => {
    const foreign = [
      ...(await plantForeignKeys(at.raw, 'app:', await storedLine(), 1_000)),
      ...(await plantNeighbours(10)),
    ]
    const before = await stateOf(at.raw, foreign)
    const keys = foreign.map((name) => name.slice('app:'.length)).filter((key) => key[0] !== '\0')
    const cache = await at.openConnected({ ...options, redisUrl: await redisUrl() })
    await cache.set('ours', 1)
    for (const [called, method] of Object.entries(METHODS)) {
      await method(cache, keys)
      expect([called, await stateOf(at.raw, foreign)]).toEqual([called, before])
    }
    expect(cache.getStats().redis).toMatchObject({ unconfirmedDeletes: 0, errors: {} })
    expect(await at.raw.exists('app:ours')).toBe(0)
  })
})

test('reads, lists and counts agree on which keys are of this cache', async () => {
  const foreign = await plantForeignKeys(at.raw, 'app:', await storedLine(), 60)
  const cache = await at.openConnected({ enableL1Cache: false })
  await cache.setMany([
    ['a', 1],
    ['b', 2],
  ])
  const keys = [...foreign.map((name) => name.slice('app:'.length)), 'a', 'b']
  expect([...(await cache.getMany(keys)).keys()]).toEqual(['a', 'b'])
  expect((await drained(cache)).toSorted()).toEqual(['a', 'b'])
  for (const key of keys) {
    const isOurs = key === 'a' || key === 'b'
    expect((await cache.get(key)) !== undefined).toBe(isOurs)
    expect(await cache.exists(key)).toBe(isOurs)
    expect((await cache.getTtl(key)) !== undefined).toBe(isOurs)
  }
  expect(await cache.deleteMany(keys.filter((key) => key !== 'b'))).toBe(1)
  expect(await cache.clear()).toBe(1)
})

test('a foreign value is counted at every read and reported once', async () => {
  await at.raw.set('app:counter', '41')
  await at.raw.rpush('app:list', 'x')
  const cache = await at.openConnected({ enableL1Cache: false, onBackendError: 'throw' })
  const reported = vi.fn()
  cache.on('foreign_value', reported)
  for (let read = 0; read < 3; read++) {
    expect(await cache.get('counter')).toBeUndefined()
    expect(await cache.get('list')).toBeUndefined()
  }
  expect(reported.mock.calls).toEqual([
    ['counter', 'foreign'],
    ['list', 'wrong_type'],
  ])
  expect(cache.getStats()).toMatchObject({
    misses: 6,
    redis: { misses: 6, foreignValues: { foreign: 3, wrong_type: 3 }, corruptValues: 0 },
  })
})

test('set replaces anything under its name, as in Redis', async () => {
  await at.raw.rpush('app:key', 'x')
  const cache = await at.openConnected()
  await cache.set('key', 1)
  expect(await cache.get('key')).toBe(1)
})

test('a value that is larger than this process accepts is a miss and stays', async () => {
  const large = await at.openConnected({ compressionThreshold: 1_048_576 })
  await large.set('key', 'x'.repeat(400_000))
  const small = await at.openConnected({ maxValueBytes: 1_024, enableL1Cache: false })
  expect(await small.get('key')).toBeUndefined()
  expect(await small.exists('key')).toBe(false)
  expect(await drained(small)).toEqual([])
  expect(await small.clear()).toBe(0)
  expect(await large.get('key')).toHaveLength(400_000)
  expect(small.getStats().redis.foreignValues).toEqual({ too_large: 1 })
})

test('a value copied to another database is a miss there and stays', async () => {
  const cache = await at.openConnected()
  await cache.set('key', 1)
  const url = `${at.redis.url}/1`
  const other = await at.openConnected({ redisUrl: url, enableL1Cache: false })
  await at.raw.copy('app:key', 'app:key', 'DB', 1)
  expect(await other.get('key')).toBeUndefined()
  expect(await other.clear()).toBe(0)
  await at.raw.select(1)
  expect(await at.raw.exists('app:key')).toBe(1)
  await at.raw.select(0)
})

describe('a damaged value', () => {
  test('is a miss, is reported, and is removed', async () => {
    const cache = await at.openConnected({ enableL1Cache: false })
    const reported = vi.fn()
    cache.on('corrupt_value', reported)
    await cache.set('key', { answer: 42 })
    await at.raw.setrange('app:key', (await at.raw.strlen('app:key')) - 2, '3')
    expect(await cache.get('key')).toBeUndefined()
    expect(reported).toHaveBeenCalledExactlyOnceWith('key')
    await vi.waitFor(async () => expect(await at.raw.exists('app:key')).toBe(0))
    expect(cache.getStats().redis.corruptValues).toBe(1)
  })

  test('stays if it was replaced in the meantime', async () => {
    const cache = await at.openConnected({ enableL1Cache: false })
    await cache.set('key', 1)
    const line = (await at.raw.get('app:key')) ?? ''
    await at.raw.set('app:key', `${line}9`)
    const read = cache.get('key')
    await at.raw.set('app:key', line)
    await read
    await vi.waitFor(() => expect(cache.getStats().redis.connected).toBe(true))
    expect(await cache.get('key')).toBe(1)
  })
})

test('caches with overlapping prefixes never touch the entries of each other', async () => {
  const outer = await at.openConnected()
  const inner = await at.openConnected({ keyPrefix: 'app:users:' })
  await inner.set('1', { name: 'Ada' }, { tags: ['t'] })
  await outer.set('page', 'home', { tags: ['t'] })
  expect(await outer.get('users:1')).toBeUndefined()
  expect(await outer.exists('users:1')).toBe(false)
  expect(await drained(outer)).toEqual(['page'])
  expect(await outer.delete('users:1')).toBe(false)
  await outer.invalidateTags(['t'])
  expect(await outer.clear()).toBe(0)
  expect(await inner.get('1')).toEqual({ name: 'Ada' })
  // The same name in Redis belongs to whichever cache has written it last.
  await outer.set('users:1', 'ours now')
  expect(await inner.get('1')).toBeUndefined()
  expect(await inner.clear()).toBe(0)
  expect(await outer.get('users:1')).toBe('ours now')
})

test('one key of another type neither blocks clear nor makes later reads miss', async () => {
  await at.raw.rpush('app:jobs', 'x')
  const [cache, other] = [await at.openConnected(), await at.openConnected()]
  const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
  for (const key of keys) await cache.set(key, 'old')
  expect(await cache.clear()).toBe(50)
  expect((await other.getMany(keys)).size).toBe(0)
  let loads = 0
  for (let read = 0; read < 20; read++) await cache.getOrSet('b', () => ++loads)
  expect(loads).toBe(1)
  expect(cache.getStats()).toMatchObject({ mode: 'redis', redis: { unconfirmedDeletes: 0 } })
  expect(await at.raw.lrange('app:jobs', 0, -1)).toEqual(['x'])
})

test('a name of a tag that something else uses is left alone, and nothing is stored under it', async () => {
  const cache = await at.openConnected()
  await cache.set('key', 1, { tags: ['t'] })
  const name = (await at.raw.keys('*')).find((each) => each.includes('tags of')) ?? ''
  for (const plant of [
    () => at.raw.set(name, 'kPz0tqk2GbJv100000'),
    () => at.raw.rpush(name, 'x'),
  ]) {
    await at.raw.del(name)
    await plant()
    const before = await stateOf(at.raw, [name])
    await cache.set('key', 2, { tags: ['t'] })
    await cache.getOrSet('another', () => 3, { tags: ['t'] })
    await cache.invalidateTags(['t'])
    expect(await cache.get('key')).toBeUndefined()
    expect(await stateOf(at.raw, [name])).toEqual(before)
  }
})
