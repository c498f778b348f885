import { startFaultProxy } from '@verbatim/fault-proxy'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache, GenericRedisCacheOptions } from '../src/index.js'
import { REMOVE } from '../src/redis/scripts/scripts.js'
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
  await vi.waitFor(() => expect(cache.getStats().memory?.tracking).not.toBe('down'), 5_000)
  await cache.get('absent')
  return { cache, keys }
}

/** On a busy machine, a command of its own asks for the generation, and the call before it leaves alone. */
const FEW = 4

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
    const commands = await commandsFor(at.adminUrl, async () => {
      read.push(...(await getAll(cache, wanted.slice(0, 30))))
    })
    expect(commands).toContain('mget')
    expect(commands.length).toBeLessThanOrEqual(FEW)
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
    const commands = await commandsFor(at.adminUrl, () => getAll(cache, keys))
    expect(commands.length).toBeGreaterThanOrEqual(3)
    expect(commands.length).toBeLessThanOrEqual(2 + FEW)
  })

  test('leave as several commands when the values are large', async () => {
    const { cache } = await openFilled(0, { compressionThreshold: 1_000_000 })
    const keys = keysUpTo(6)
    await cache.setMany(keys.map((key) => [key, 'x'.repeat(30_000)]))
    // The first reads show how large the values are.
    const one = await at.openConnected({ enableL1Cache: false })
    for (let round = 0; round < 20; round++) await one.get('key 0')
    const commands = await commandsFor(at.adminUrl, () => getAll(one, keys))
    expect(commands.filter((name) => name === 'mget').length).toBeGreaterThanOrEqual(3)
  })

  test('are sent before a delete that is called after them, and after one that is called before', async () => {
    const { cache, keys } = await openFilled(4)
    const [first = '', second = '', ...others] = keys
    const commands = await commandsFor(at.adminUrl, async () => {
      const before = getAll(cache, [first, second])
      const deleted = cache.delete(first)
      const after = getAll(cache, [first, ...others])
      expect(await before).toEqual([`value of ${first}`, `value of ${second}`])
      expect(await deleted).toBe(true)
      expect((await after)[0]).toBeUndefined()
    })
    expect(commands[0]).toMatch(/get$/)
    expect(commands.slice(1, -1)).toContain('evalsha')
    expect(commands.at(-1)).toBe('mget')
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

describe('the writes of one turn', () => {
  const setAll = (cache: GenericRedisCache, keys: readonly string[]): Promise<void[]> =>
    Promise.all(keys.map((key) => cache.set(key, `new value of ${key}`)))

  test('leave as one command, and each is stored under its own key', async () => {
    const { cache, keys } = await openFilled(20)
    const commands = await commandsFor(at.adminUrl, () => setAll(cache, keys))
    expect(commands.length).toBeLessThanOrEqual(FEW)
    const other = await at.openConnected()
    expect(await getAll(other, keys)).toEqual(keys.map((key) => `new value of ${key}`))
    expect(cache.getStats().redis).toMatchObject({ errors: {}, unconfirmedDeletes: 0 })
  })

  test('leave as several commands when they are many or large', async () => {
    const { cache, keys } = await openFilled(70, { compressionThreshold: 1_000_000 })
    const many = await commandsFor(at.adminUrl, () => setAll(cache, keys))
    expect(many.length).toBeGreaterThanOrEqual(3)
    expect(many.length).toBeLessThanOrEqual(2 + FEW)
    const large = 'x'.repeat(30_000)
    const setLarge = (): Promise<unknown> =>
      Promise.all(keys.slice(0, 6).map((key) => cache.set(key, large)))
    expect((await commandsFor(at.adminUrl, setLarge)).length).toBeGreaterThanOrEqual(3)
    expect(await cache.get('key 5')).toBe(large)
  })

  test('leave in the order of the calls, with reads and deletes', async () => {
    const { cache } = await openFilled(3, { enableL1Cache: false })
    await cache.set('key 0', 'warm')
    const calls = [cache.set('key 0', 1), cache.set('key 1', 1)]
    await Promise.resolve()
    const deleted = cache.delete('key 1')
    await Promise.all([...calls, deleted])
    expect(await getAll(cache, ['key 0', 'key 1'])).toEqual([1, undefined])
  })

  test('do not send a value that a later call supersedes', async () => {
    const { cache } = await openFilled(0)
    await cache.set('key', 'warm')
    const { bytesWritten } = cache.getStats().redis
    const values = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(500))
    await Promise.all(values.map((value) => cache.set('key', value)))
    expect(await cache.get('key')).toBe(values.at(-1))
    expect(cache.getStats().redis.bytesWritten - bytesWritten).toBeLessThan(1_500)
  })

  test('are not affected by a key that the user may not write', async () => {
    const { keys } = await openFilled(3)
    const cache = await openWithForbiddenKeys()
    await cache.set('key', 'warm')
    const writes = ['secret', ...keys].map((key) => cache.set(key, 'new'))
    const settled = await Promise.allSettled(writes)
    expect(settled[0]).toMatchObject({ reason: { code: 'BACKEND_REFUSED' } })
    expect(settled.slice(1)).toEqual(keys.map(() => ({ status: 'fulfilled', value: undefined })))
    const other = await at.openConnected()
    expect(await getAll(other, keys)).toEqual(keys.map(() => 'new'))
  })

  test('take no effect after their time limit', async () => {
    const { cache, keys } = await openFilled(10, { commandTimeout: 100 })
    const other = await at.openConnected()
    at.redis.pause()
    await setAll(cache, keys)
    at.redis.resume()
    // Those that were pending are removed, and nothing comes after that.
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 10_000)
    expect(await getAll(other, keys)).toEqual(keys.map(() => undefined))
  })

  test.each(['set', 'setMany'] as const)(
    'of %s are not sent again after a later delete, when Redis has forgotten the script',
    async (method) => {
      const proxy = await startFaultProxy({ target: at.redis.port })
      at.atTheEnd(() => proxy.close())
      const { cache } = await openFilled(0, { redisUrl: proxy.url })
      await cache.setMany([
        ['a', 'warm'],
        ['b', 'warm'],
      ])
      const forgotten = await proxy.holdReply({ command: 'EVALSHA' })
      await at.raw.script('FLUSH')
      await at.raw.script('LOAD', REMOVE.source)
      const written =
        method === 'set'
          ? Promise.all([cache.set('a', 'old'), cache.set('b', 'old')])
          : cache.setMany([
              ['a', 'old'],
              ['b', 'old'],
            ])
      await forgotten.reached
      const deleted = cache.delete('a')
      await vi.waitFor(async () => expect(await at.raw.exists('cache:a')).toBe(0), 5_000)
      await forgotten.release()
      await Promise.all([written, deleted])
      expect(await getAll(cache, ['a', 'b'])).toEqual([undefined, 'old'])
    },
  )
})
