import { startFaultProxy } from '@verbatim/fault-proxy'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache, GenericRedisCacheOptions } from '../src/index.js'
import { commandsFor } from './commands-for.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis({ commandTimeout: 5_000 })

const keysUpTo = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `key ${index}`)

/** Opens a cache with some values, which asks Redis for each read and knows its generation. */
async function openFilled(
  count: number,
  options?: GenericRedisCacheOptions,
): Promise<{ cache: GenericRedisCache; keys: string[] }> {
  const keys = keysUpTo(count)
  const writer = await at.openConnected()
  await writer.setMany(keys.map((key) => [key, `value of ${key}`]))
  const cache = await at.openConnected(options)
  await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'))
  await cache.get('absent')
  return { cache, keys }
}

const getAll = (cache: GenericRedisCache, keys: readonly string[]): Promise<unknown[]> =>
  Promise.all(keys.map((key) => cache.get(key)))

/** Opens a cache whose user has no permission for the keys that begin with `secret`. */
async function openWithForbiddenKeys(): Promise<GenericRedisCache> {
  // The records of the prefix begin with a character that no key has.
  const rights = ['~cache:key*', '~cache:?{*', '&*', '+@all']
  await at.raw.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', ...rights)
  const redisUrl = at.redis.url.replace('//', '//limited:secret@')
  return at.openConnected({ redisUrl, onBackendError: 'throw' })
}

describe('the reads of one turn', () => {
  test('leave as one command, and each caller gets its own value', async () => {
    const { cache, keys } = await openFilled(20)
    const wanted = keys.flatMap((key) => [key, `absent ${key}`, key])
    const before = cache.getStats()
    const read: unknown[] = []
    const commands = await commandsFor(at.redis.url, async () => {
      read.push(...(await getAll(cache, wanted.slice(0, 30))))
    })
    expect(commands).toEqual(['mget'])
    read.push(...(await getAll(cache, wanted.slice(30))))
    expect(read).toEqual(
      wanted.map((key) => (key.startsWith('absent') ? undefined : `value of ${key}`)),
    )
    const { hits, misses, errors } = cache.getStats()
    expect(hits - before.hits).toBe(40)
    expect(misses - before.misses).toBe(20)
    expect(errors).toBe(0)
  })

  test('leave as several commands when they are many', async () => {
    const { cache, keys } = await openFilled(70)
    const commands = await commandsFor(at.redis.url, () => getAll(cache, keys))
    expect(commands).toEqual(['mget', 'mget', 'mget'])
  })

  test('leave as several commands when the values are large', async () => {
    const { cache } = await openFilled(0, { compressionThreshold: 1_000_000 })
    const keys = keysUpTo(6)
    await cache.setMany(keys.map((key) => [key, 'x'.repeat(30_000)]))
    // The first reads show how large the values are.
    const one = await at.openConnected({ enableL1Cache: false })
    for (let round = 0; round < 20; round++) await one.get('key 0')
    const commands = await commandsFor(at.redis.url, () => getAll(one, keys))
    expect(commands.filter((name) => name === 'mget').length).toBeGreaterThanOrEqual(3)
  })

  test('are sent before a delete that is called after them, and after one that is called before', async () => {
    const { cache, keys } = await openFilled(4)
    const [first = '', second = '', ...others] = keys
    const commands = await commandsFor(at.redis.url, async () => {
      const before = getAll(cache, [first, second])
      const deleted = cache.delete(first)
      const after = getAll(cache, [first, ...others])
      expect(await before).toEqual([`value of ${first}`, `value of ${second}`])
      expect(await deleted).toBe(true)
      expect((await after)[0]).toBeUndefined()
    })
    expect(commands).toEqual(['mget', 'evalsha', 'mget'])
  })

  test('are not affected by a key of another type, or by a damaged value', async () => {
    const { cache, keys } = await openFilled(3)
    await at.raw.lpush('cache:list', 'item')
    const damaged = (await at.raw.get('cache:key 2'))?.replace('value of', 'VALUE OF') ?? ''
    await at.raw.set('cache:key 2', damaged)
    expect(await getAll(cache, [...keys, 'list'])).toEqual([
      'value of key 0',
      'value of key 1',
      undefined,
      undefined,
    ])
    expect(cache.getStats().redis.corruptValues).toBe(1)
  })

  test('are not affected by a key that the user may not read', async () => {
    const { keys } = await openFilled(3)
    const cache = await openWithForbiddenKeys()
    const settled = await Promise.allSettled(['secret', ...keys].map((key) => cache.get(key)))
    expect(settled[0]).toMatchObject({ reason: { code: 'BACKEND_REFUSED' } })
    expect(settled.slice(1)).toEqual(
      keys.map((key) => ({ status: 'fulfilled', value: `value of ${key}` })),
    )
  })

  test('each count as an error when the connection is lost', async () => {
    const proxy = await startFaultProxy({ target: at.redis.port })
    at.atTheEnd(() => proxy.close())
    const { cache, keys } = await openFilled(5, { redisUrl: proxy.url })
    const { errors } = cache.getStats()
    await proxy.holdCommand({ command: 'MGET' })
    const read = getAll(cache, keys)
    await proxy.cut()
    expect(await read).toEqual(keys.map(() => undefined))
    expect(cache.getStats().errors - errors).toBe(5)
  })
})
