import { CacheError, type CacheMonitor } from '@verbatim/cache-core'
import { Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis({ commandTimeout: 5_000 })

describe('a value in Redis', () => {
  test('is under the prefix, with a TTL in milliseconds', async () => {
    await at.open({ keyPrefix: 'app:' }).set('key', 'value', '1500ms')
    expect(await at.keysOfCallers()).toEqual(['app:key'])
    expect(await at.raw.pttl('app:key')).toBeGreaterThan(1_000)
    expect(await at.raw.pttl('app:key')).toBeLessThanOrEqual(1_500)
  })

  test('is compressed when large', async () => {
    await at.open().set('key', 'verbatim '.repeat(10_000))
    expect(await at.raw.strlen('cache:key')).toBeLessThan(1_000)
  })

  test.each(['a*[b]?', '[ab]:', 'x\\y^-'])(
    'clear removes only what lies under the prefix %s',
    async (keyPrefix) => {
      const neighbours = ['aXbY', 'a:1', 'b:1', 'xy^-', 'session:1']
      for (const key of neighbours) await at.raw.set(key, 1)
      const cache = at.open({ keyPrefix })
      await cache.setMany(Array.from({ length: 300 }, (_, index) => [`key:${index}`, index]))
      expect(await cache.clear()).toBe(300)
      expect(await at.keysOfCallers()).toEqual(neighbours.toSorted())
    },
  )
})

describe('two tiers', () => {
  test('a hit in memory asks Redis nothing', async () => {
    await at.open().set('key', 'value')
    const cache = at.open()
    await cache.connect()
    await cache.get('key')
    const before = await commandsServed()
    for (let read = 0; read < 10; read++) await cache.get('key')
    // The INFO itself, and heartbeats of two links.
    expect((await commandsServed()) - before).toBeLessThan(5)
    expect(cache.getStats()).toMatchObject({ hits: 11, misses: 0, redis: { hits: 1 } })
  })

  test('a hit in Redis is kept in memory, no longer than Redis keeps it', async () => {
    await at.open().set('key', 'value', 2)
    const cache = at.open({ defaultTtl: 3_600 })
    await cache.connect()
    expect(await cache.get('key')).toBe('value')
    expect(cache.getStats().memory?.activeEntries).toBe(1)
    await at.raw.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0').catch(() => undefined)
    await vi.waitFor(async () => expect(await cache.get('key')).toBeUndefined(), { timeout: 4_000 })
  })

  test('and no longer than the default TTL', async () => {
    await at.open().set('key', 'value', '1h')
    const cache = at.open({ defaultTtl: '50ms' })
    await cache.connect()
    expect(await cache.get('key')).toBe('value')
    expect(cache.getStats().memory?.activeEntries).toBe(1)
    await vi.waitFor(() => expect(cache.getStats().memory?.activeEntries).toBe(0))
  })

  test('each read counts once, whichever tier answered', async () => {
    const observeOperation = vi.fn()
    const monitor = { observeOperation } as unknown as CacheMonitor
    await at.open().set('far', 1)
    const cache = at.open({ performanceMonitor: monitor })
    await cache.connect()
    await cache.get('absent')
    await cache.get('far')
    await cache.get('far')
    expect(
      observeOperation.mock.calls.map(([name, outcome, tier]) => [name, outcome, tier]),
    ).toEqual([
      ['get', 'miss', 'redis'],
      ['get', 'hit', 'redis'],
      ['get', 'hit', 'memory'],
    ])
    expect(cache.getStats()).toMatchObject({
      hits: 2,
      misses: 1,
      redis: { hits: 1, misses: 1, errors: {} },
    })
    expect(cache.getStats().hitRate).toBeCloseTo(66.67, 1)
  })
})

describe('races', () => {
  /** A client that holds back the answer to its next read until `held` resolves. */
  class SlowRead extends Redis {
    held: Promise<void> | undefined

    override async sendCommand(...args: Parameters<Redis['sendCommand']>): Promise<unknown> {
      const { held } = this
      if (held === undefined || args[0].name !== 'get') return super.sendCommand(...args)
      this.held = undefined
      const answer = await super.sendCommand(...args)
      await held
      return answer
    }
  }

  test.each(['set', 'delete', 'invalidatePattern'] as const)(
    'a read that %s superseded does not copy its old value to memory',
    async (change) => {
      await at.open().set('key', 'old')
      const client = new SlowRead(at.redis.url)
      at.atTheEnd(() => client.quit())
      const cache = at.open({ client })
      await cache.get('another')
      let release = (): void => {}
      client.held = new Promise((resolve) => {
        release = resolve
      })
      const read = cache.get('key')
      if (change === 'set') await cache.set('key', 'new')
      else await cache[change]('key')
      release()
      expect(await read).toBe('old')
      expect(await cache.get('key')).toBe(change === 'set' ? 'new' : undefined)
    },
  )

  test.each(['delete', 'invalidatePattern'] as const)(
    'a write that takes long to encode is not sent after a later %s',
    async (change) => {
      const cache = at.open()
      await cache.connect()
      const large = cache.set('key', 'verbatim '.repeat(500_000))
      await Promise.all([large, cache[change]('key')])
      expect(await cache.get('key')).toBeUndefined()
      expect(await at.raw.exists('cache:key')).toBe(0)
    },
  )

  test.each(['degrade', 'throw'] as const)(
    "a read during a write that fails, with '%s', does not bring the old value back",
    async (onBackendError) => {
      const cache = at.open({ onBackendError })
      await at.open().set('key', 'old')
      await cache.get('another')
      await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'))
      await at.raw.config('SET', 'maxmemory', '1')
      // The write is sent twice, so that the read is answered before it fails.
      await at.raw.script('FLUSH')
      const write = cache.set('key', 'new').catch(() => undefined)
      // It is on its way.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      expect(await cache.get('key')).toBe('old')
      await write
      expect(await cache.get('key')).not.toBe('old')
      await at.raw.config('SET', 'maxmemory', '0')
    },
  )
})

describe('a change of a value by its owner after it was stored', () => {
  test.each(['freeze', 'clone'] as const)("reaches neither tier with '%s'", async (isolation) => {
    const cache = at.open({ isolation })
    const value = { list: [1] }
    const stored = cache.set('key', value)
    value.list.push(2)
    await stored
    expect(await cache.get('key')).toEqual({ list: [1] })
    expect(await at.open().get('key')).toEqual({ list: [1] })
  })

  test("hits are frozen with 'freeze', whichever tier answers", async () => {
    await at.open().set('key', { list: [1] })
    const cache = at.open({ isolation: 'freeze' })
    const fromRedis = await cache.get<{ list: number[] }>('key')
    const fromMemory = await cache.get<{ list: number[] }>('key')
    expect([fromRedis, fromMemory].map((hit) => Object.isFrozen(hit?.list))).toEqual([true, true])
  })
})

describe('clients that were handed in', () => {
  test('with automatic pipelining', async () => {
    const client = new Redis(at.redis.url, { enableAutoPipelining: true })
    at.atTheEnd(() => client.quit())
    const cache = at.open({ client, enableL1Cache: false })
    await cache.setMany(Array.from({ length: 20 }, (_, index) => [`key:${index}`, index]))
    const keys = Array.from({ length: 20 }, (_, index) => `key:${index}`)
    expect((await cache.getMany(keys)).size).toBe(20)
  })

  test('with numbers as text', async () => {
    const client = new Redis(at.redis.url, { stringNumbers: true })
    at.atTheEnd(() => client.quit())
    const cache = at.open({ client, enableL1Cache: false })
    await cache.set('key', 1, null)
    expect(await cache.getTtl('key')).toBeNull()
    expect(await cache.getTtl('absent')).toBeUndefined()
    expect(await cache.get('key')).toBe(1)
  })

  test('with a prefix of their own are refused', () => {
    const client = new Redis(at.redis.url, { keyPrefix: 'app:', lazyConnect: true })
    expect(() => new GenericRedisCache({ client })).toThrow(
      'client must have no keyPrefix of its own',
    )
  })
})

test('a program that Redis has forgotten is sent again', async () => {
  const cache = at.open({ enableL1Cache: false })
  await cache.set('key', 'value')
  expect(await cache.get('key')).toBe('value')
  await at.raw.script('FLUSH')
  expect(await cache.get('key')).toBe('value')
})

test('listeners receive events, and one that throws disturbs no call', async () => {
  const cache = at.open()
  const received: unknown[][] = []
  cache.registerCallback('get_miss', () => {
    throw new Error('a bad listener')
  })
  for (const event of ['get_success', 'get_miss', 'set_success', 'delete_success'] as const) {
    cache.registerCallback(event, (...details) => received.push([event, ...details]))
  }
  await cache.get('key')
  await cache.set('key', 1)
  await cache.get('key')
  await cache.delete('key')
  await cache.delete('key')
  expect(received).toEqual([
    ['get_miss', 'key'],
    ['set_success', 'key', 1],
    ['get_success', 'key', 1],
    ['delete_success', 'key'],
  ])
})

describe('options', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'at most one of redisUrl, sentinel, cluster, client may be given; received redisUrl and client',
      { redisUrl: 'redis://h', client: new Redis({ lazyConnect: true }) },
    ],
    ['; received a URL with the scheme http:', { redisUrl: 'http://h' }],
    [
      'keyPrefix must be a string of 1 to 128 characters; received an empty string',
      { keyPrefix: '' },
    ],
    ['defaultTtl must be seconds', { defaultTtl: 0 }],
    ['l1CacheSize must be an integer from 1', { l1CacheSize: 0 }],
    ['compressionLevel must be an integer from 1 to 9; received 10', { compressionLevel: 10 }],
    [
      'compressionThreshold must be an integer from 0 to 1048576; received -1',
      { compressionThreshold: -1 },
    ],
    ['commandTimeout must be an integer from 1 to 60000; received 0.5', { commandTimeout: 0.5 }],
    [
      "onBackendError must be one of 'degrade', 'throw'; received a string",
      { onBackendError: 'retry' },
    ],
    ['enableL1Cache must be true or false; received a string', { enableL1Cache: 'yes' }],
    [
      "isolation must be one of 'none', 'freeze', 'clone'; received a string",
      { isolation: 'some' },
    ],
  ])('%s', (message, options) => {
    const given =
      Object.keys(options).length === 0 ? options : { redisUrl: at.redis.url, ...options }
    const target = 'client' in options ? options : given
    expect(() => new GenericRedisCache(target)).toThrow(CacheError)
    expect(() => new GenericRedisCache(target)).toThrow(message)
  })
})

async function commandsServed(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await at.raw.info('stats'))?.[1])
}
