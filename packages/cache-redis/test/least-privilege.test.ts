import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../src/index.js'

let redis: RedisServer
let admin: Redis
const opened: GenericRedisCache[] = []

/** As the README says. */
const KEYS = ['get', 'set', 'getrange', 'pttl', 'pexpire', 'persist', 'unlink', 'mget', 'scan']
const OTHERS = ['eval', 'evalsha', 'time', 'ping']
const LINK = ['client|id', 'client|tracking', 'subscribe']

beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.close()
})

async function openAs(user: string, commands: readonly string[]): Promise<GenericRedisCache> {
  const rights = [...commands.map((name) => `+${name}`), '~cache:*', '&__redis__:invalidate']
  await admin.call('ACL', 'SETUSER', user, 'on', '>secret', 'resetchannels', ...rights)
  const redisUrl = redis.url.replace('//', `//${user}:secret@`)
  const cache = new GenericRedisCache({ redisUrl, onBackendError: 'throw' })
  opened.push(cache)
  expect(await cache.connect()).toBe(true)
  return cache
}

async function exercise(cache: GenericRedisCache): Promise<void> {
  await cache.set('key', 'value', { tags: ['a'] })
  await cache.set('for ever', 1, { ttl: null, tags: ['a', 'b'] })
  await cache.set('long', 1, { ttl: '90d', tags: ['b'] })
  expect(await cache.get('key')).toBe('value')
  expect(await cache.getMany(['key', 'long', 'absent'])).toEqual(
    new Map<string, unknown>([
      ['key', 'value'],
      ['long', 1],
    ]),
  )
  expect(await cache.getOrSet('loaded', () => 2, { tags: ['c'] })).toBe(2)
  expect(await cache.exists('loaded')).toBe(true)
  expect(await cache.getTtl('for ever')).toBeNull()
  await cache.invalidateTags(['b'])
  expect(await cache.get('long')).toBeUndefined()
  expect(await cache.delete('key')).toBe(true)
  await cache.clear()
  expect(await cache.get('loaded')).toBeUndefined()
}

test('a user with the rights that the README asks for can do everything', async () => {
  const cache = await openAs('full', [...KEYS, ...OTHERS, ...LINK])
  await exercise(cache)
  expect(cache.getStats().redis.errors).toEqual({})
  await vi.waitFor(() => expect(cache.getStats().memory?.link).toBe('live'))
})

test('a user who may not listen asks Redis each time', async () => {
  const cache = await openAs('deaf', [...KEYS, ...OTHERS])
  await exercise(cache)
  expect(cache.getStats().memory).toMatchObject({ link: 'refused', hits: 0 })
  expect(cache.getStats().redis.errors).toEqual({})
})
