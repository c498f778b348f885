import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { commandsFor } from './commands-for.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

const TAGS = { tags: ['a', 'b', 'c'] }
const soon = { timeout: 2_000, interval: 1 }

describe('invalidated by another process', () => {
  test.each([true, false])(
    'a value is void, whether it is copied or not',
    async (enableL1Cache) => {
      const [here, there] = [await at.openConnected(), await at.openConnected({ enableL1Cache })]
      await here.set('key', 1, TAGS)
      await here.set('other', 2, { tags: ['d'] })
      await vi.waitFor(async () => {
        expect(await there.get('key')).toBe(1)
        expect(there.getStats().memory?.activeEntries ?? 1).toBe(1)
      }, soon)
      await here.invalidateTags(['b'])
      await vi.waitFor(async () => expect(await there.get('key')).toBeUndefined(), soon)
      expect(await there.exists('key')).toBe(false)
      expect(await there.getTtl('key')).toBeUndefined()
      expect(await there.getMany(['key', 'other'])).toEqual(new Map([['other', 2]]))
      const listed: string[] = []
      for await (const key of there.scan()) listed.push(key)
      expect(listed).toEqual(['other'])
      expect(await there.delete('key')).toBe(false)
    },
  )

  test('a value that was being loaded goes to those who waited, and is void', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    let answer = (_value: string): void => {}
    const load = vi.fn(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve
        }),
    )
    const loaded = there.getOrSet('key', load, TAGS)
    await vi.waitFor(() => expect(load).toHaveBeenCalled())
    await here.invalidateTags(['c'])
    answer('old')
    expect(await loaded).toBe('old')
    expect(await there.get('key')).toBeUndefined()
    expect(await there.getOrSet('key', () => 'new', TAGS)).toBe('new')
    expect(await here.get('key')).toBe('new')
  })

  test('a load is not shared with later callers', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    await here.set('another', 0, TAGS)
    const answers: ((value: string) => void)[] = []
    const load = (): Promise<string> => new Promise((resolve) => answers.push(resolve))
    const before = there.getOrSet('key', load, TAGS)
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    await here.invalidateTags(['a'])
    await new Promise((resolve) => setTimeout(resolve, 50))
    const after = there.getOrSet('key', load, TAGS)
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[0]?.('old')
    answers[1]?.('new')
    expect(await Promise.all([before, after])).toEqual(['old', 'new'])
  })
})

test('a tag that is used for the first time does not spoil the load that brings it', async () => {
  const cache = await at.openConnected()
  for (let round = 0; round < 50; round++) {
    const options = { tags: [`tag ${round}`] }
    expect(await cache.getOrSet(`key ${round}`, () => round, options)).toBe(round)
    expect(await cache.get(`key ${round}`)).toBe(round)
  }
})

test('the version of a tag that Redis has lost makes values void', async () => {
  const cache = await at.openConnected()
  await cache.set('key', 1, TAGS)
  const names = (await at.raw.keys('*')).filter((name) => name.includes('tags of'))
  expect(names).toHaveLength(3)
  await at.raw.del(...names)
  expect(await cache.get('key')).toBeUndefined()
})

test('a version outlives what is stored under it', async () => {
  const cache = await at.openConnected()
  const versions = async (): Promise<number[]> => {
    const names = (await at.raw.keys('*')).filter((name) => name.includes('tags of'))
    return Promise.all(names.map((name) => at.raw.pttl(name)))
  }
  await cache.set('key', 1, { ttl: '10m', tags: ['a'] })
  expect((await versions())[0]).toBeGreaterThan(3_600_000)
  await cache.set('key', 1, { ttl: '30d', tags: ['a'] })
  expect((await versions())[0]).toBeGreaterThan(30 * 86_400_000)
  await cache.getOrSet('other', () => 1, { ttl: '90d', tags: ['a'] })
  expect(await at.raw.pttl('cache:other')).toBeLessThan(Math.max(...(await versions())))
  await cache.set('key', 1, { ttl: null, tags: ['a'] })
  expect(await versions()).toContain(-1)
})

describe('commands', () => {
  // A busy machine asks for the generation again, because its answer came too long ago.
  test('of a read with three tags are two, and one once the versions are known', {
    retry: 3,
  }, async () => {
    const [here, there] = [
      await at.openConnected(),
      await at.openConnected({ enableL1Cache: false }),
    ]
    await there.set('key', 1, TAGS)
    await there.set('key 2', 1, TAGS)
    await here.get('another')
    await new Promise((resolve) => setTimeout(resolve, 400))
    const from = (cache: GenericRedisCache, key: string): Promise<string[]> =>
      commandsFor(at.adminUrl, () => cache.get(key))
    // The second mget is for the versions; those for the generation do for some milliseconds.
    expect(await from(there, 'key')).toEqual(['get', 'mget', 'mget'])
    expect(await from(here, 'key')).toEqual(['get', 'mget'])
    expect(await from(here, 'key 2')).toEqual(['get'])
  })

  test('of a write with tags are two, of an invalidation one', async () => {
    const cache = await at.openConnected({ enableL1Cache: false })
    await cache.set('key', 1, TAGS)
    const commands = await commandsFor(at.adminUrl, () => cache.set('key', 2, TAGS))
    // A busy machine reads the generation again, because it was read too long ago.
    expect(commands.filter((name) => name !== 'mget')).toEqual(['evalsha', 'evalsha'])
    expect(await commandsFor(at.adminUrl, () => cache.invalidateTags(TAGS.tags))).toEqual([
      'evalsha',
    ])
  })
})

test('an invalidation holds for its own process, though a version was on its way, and word of it is lost', async () => {
  const proxy = await startFaultProxy({ target: at.redis.port })
  at.atTheEnd(() => proxy.close())
  const cache = await at.openConnected({ redisUrl: proxy.url, commandTimeout: 5_000 })
  await cache.set('key', 1, TAGS)
  await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'), soon)
  await proxy.dropPushes()
  await proxy.delay({ milliseconds: 100, direction: 'down' })
  const read = cache.get('key')
  // The reply with the value has come; the one with the versions has not.
  await sleep(150)
  await cache.invalidateTags(['a'])
  await read
  expect(await cache.get('key')).toBeUndefined()
  expect(await cache.getMany(['key'])).toEqual(new Map())
})

test('a tag that was invalidated while Redis hung voids its values afterwards', async () => {
  const [cache, other] = [await at.openConnected({ commandTimeout: 100 }), await at.openConnected()]
  await cache.set('key', 1, TAGS)
  at.redis.pause()
  await cache.invalidateTags(['a'])
  expect(await cache.get('key')).toBeUndefined()
  at.redis.resume()
  await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 5_000 })
  expect(await cache.get('key')).toBeUndefined()
  await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0))
  expect(await other.get('key')).toBeUndefined()
})
