import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { leaseHead } from '../src/codec/stored-line.js'
import type { GenericRedisCache } from '../src/index.js'
import { Keyspace } from '../src/redis/keyspace.js'
import { commandsFor } from './commands-for.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

const inMemory = (cache: GenericRedisCache): number => cache.getStats().memory?.activeEntries ?? 0

/** Word of a change takes well under a millisecond here; a busy machine may take longer. */
const soon = { timeout: 2_000, interval: 1 }

/** Opens two caches. The second one has a copy of the key in memory. */
async function withCopy(value: unknown): Promise<[GenericRedisCache, GenericRedisCache]> {
  const [here, there] = [await at.openConnected(), await at.openConnected()]
  await here.set('key', value)
  // A read that the invalidation supersedes is not copied.
  await vi.waitFor(async () => {
    expect(await there.get('key')).toEqual(value)
    expect(inMemory(there)).toBe(1)
  }, soon)
  return [here, there]
}

describe('a copy in memory', () => {
  test('is what a read brought, and Redis is not asked again', async () => {
    const [, there] = await withCopy('value')
    const { redis: before } = there.getStats()
    for (let read = 0; read < 10; read++) expect(await there.get('key')).toBe('value')
    expect(there.getStats()).toMatchObject({ memory: { hits: 10 }, redis: { hits: before.hits } })
  })

  test.each<[string, (here: GenericRedisCache) => Promise<unknown>, unknown]>([
    ['sets', (here) => here.set('key', 'new'), 'new'],
    ['deletes', (here) => here.delete('key'), undefined],
    ['invalidates a pattern of', (here) => here.invalidatePattern('k*'), undefined],
    ['clears', (here) => here.clear(), undefined],
  ])('goes when another process %s the key', async (_what, change, value) => {
    const [here, there] = await withCopy('old')
    await change(here)
    await vi.waitFor(() => expect(inMemory(there)).toBe(0), soon)
    expect(await there.get('key')).toBe(value)
  })

  test.each<[string, () => Promise<unknown>]>([
    ['is deleted by a stranger', () => at.raw.del('cache:key')],
    ['is renamed by a stranger', () => at.raw.rename('cache:key', 'elsewhere')],
    ['is emptied with its database', () => at.raw.flushdb()],
    ['is emptied with all databases', () => at.raw.flushall()],
    ['gets another life', () => at.raw.pexpire('cache:key', 1)],
  ])('goes when the key %s', async (_what, change) => {
    const [, there] = await withCopy('old')
    await change()
    await vi.waitFor(async () => expect(await there.get('key')).toBeUndefined(), soon)
  })

  test('of what this process wrote itself serves only while Redis is away', async () => {
    const cache = await at.openConnected()
    await cache.set('key', 'value')
    expect(inMemory(cache)).toBe(1)
    expect(await cache.get('key')).toBe('value')
    expect(cache.getStats()).toMatchObject({ memory: { hits: 0 }, redis: { hits: 1 } })
    await vi.waitFor(async () => {
      await cache.get('key')
      expect(cache.getStats().memory?.hits).toBeGreaterThan(0)
    }, soon)
  })

  test('is not used while the link is down, and not after it is up again', async () => {
    const [here, there] = await withCopy('old')
    const down: string[] = []
    there.on('tracking_down', () => down.push('down'))
    there.on('tracking_up', () => down.push('up'))
    await at.raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await vi.waitFor(() => expect(there.getStats().memory?.tracking).toBe('down'), soon)
    await here.set('key', 'new')
    expect(await there.get('key')).toBe('new')
    await vi.waitFor(() => expect(there.getStats().memory?.tracking).toBe('live'), soon)
    expect(await there.get('key')).toBe('new')
    expect(down).toEqual(['down', 'up'])
  })

  test('is not made from a reply that an invalidation superseded', async () => {
    const [here, there] = await withCopy('old')
    for (let round = 0; round < 200; round++) {
      await Promise.all([here.set('key', round), there.get('key'), there.get('key')])
      await here.set('key', `after ${round}`)
      await vi.waitFor(async () => expect(await there.get('key')).toBe(`after ${round}`), soon)
      await sleep(0)
      expect(await there.get('key')).toBe(`after ${round}`)
    }
  })
})

describe('a loaded value', () => {
  test.each<[string, (here: GenericRedisCache) => Promise<unknown>, unknown]>([
    ['set', (here) => here.set('key', 'set meanwhile'), 'set meanwhile'],
    ['deleted', (here) => here.delete('key'), undefined],
    ['invalidated by a pattern', (here) => here.invalidatePattern('*'), undefined],
  ])(
    'is not stored when another process has %s the key during it',
    async (_what, change, value) => {
      const [here, there] = [await at.openConnected(), await at.openConnected()]
      let answer = (_value: string): void => {}
      const load = vi.fn(
        () =>
          new Promise<string>((resolve) => {
            answer = resolve
          }),
      )
      const loaded = there.getOrSet('key', load)
      await vi.waitFor(() => expect(load).toHaveBeenCalled())
      await change(here)
      answer('loaded before')
      expect(await loaded).toBe('loaded before')
      expect(await there.get('key')).toBe(value)
      expect(await here.get('key')).toBe(value)
    },
  )

  test('is not shared with callers after a change by another process', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    const answers: ((value: string) => void)[] = []
    const load = (): Promise<string> => new Promise((resolve) => answers.push(resolve))
    const before = there.getOrSet('key', load)
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    await here.delete('key')
    const after = there.getOrSet('key', load)
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[0]?.('old')
    answers[1]?.('new')
    expect(await Promise.all([before, after])).toEqual(['old', 'new'])
    expect(await here.get('key')).toBe('new')
  })

  test('is stored although its predecessor has just expired', async () => {
    const cache = await at.openConnected()
    for (let round = 0; round < 20; round++) {
      await cache.set('key', 'old', '10ms')
      await sleep(12)
      expect(await cache.getOrSet('key', () => round)).toBe(round)
      expect(await cache.get('key')).toBe(round)
      await cache.delete('key')
    }
  })
})

describe('processes that miss the same key', () => {
  test('load it once', async () => {
    // With less time, a busy machine would make some of the thousand calls load without a lease.
    const open = (): Promise<GenericRedisCache> => at.openConnected({ commandTimeout: 2_000 })
    const caches = await Promise.all([open(), open(), open(), open()])
    const load = vi.fn(async () => {
      await sleep(50)
      return 'loaded'
    })
    const calls = caches.flatMap((cache) =>
      Array.from({ length: 250 }, () => cache.getOrSet('key', load)),
    )
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['loaded']))
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('load it once, however long that takes', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    const load = vi.fn(async () => {
      await sleep(4_000)
      return 'loaded'
    })
    const first = here.getOrSet('key', load)
    await vi.waitFor(() => expect(load).toHaveBeenCalled())
    expect(await Promise.all([first, there.getOrSet('key', load)])).toEqual(['loaded', 'loaded'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('take over from one whose load has failed, at once', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    const failing = vi.fn(async () => {
      await sleep(50)
      throw new Error('the source is down')
    })
    const first = here.getOrSet('key', failing)
    first.catch(() => undefined)
    await vi.waitFor(() => expect(failing).toHaveBeenCalled())
    const startedAt = performance.now()
    expect(await there.getOrSet('key', () => 'loaded')).toBe('loaded')
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    await expect(first).rejects.toThrow('the source is down')
  })

  test('take over at once from one whose load is not to be stored', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    const load = vi.fn(async () => {
      await sleep(100)
      return 'loaded before'
    })
    const first = here.getOrSet('key', load)
    await vi.waitFor(() => expect(load).toHaveBeenCalled())
    // Any pattern may match the key, so the load is not stored.
    await here.invalidatePattern('other:*')
    const startedAt = performance.now()
    expect(await there.getOrSet('key', () => 'loaded after')).toBe('loaded after')
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    expect(await first).toBe('loaded before')
  })

  test('take over from one that has died, when its lease has run out', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    // The holder of this lease is gone and does not renew it.
    await at.raw.set('cache:key', leaseOf(Date.now() + 2_000))
    const startedAt = performance.now()
    expect(await there.getOrSet('key', () => 'loaded')).toBe('loaded')
    const waited = performance.now() - startedAt
    expect(waited).toBeGreaterThan(1_500)
    expect(waited).toBeLessThan(4_000)
    expect(await here.get('key')).toBe('loaded')
  })

  test('wait no longer than they are willing to', async () => {
    const there = await at.openConnected()
    await at.raw.set('cache:key', leaseOf(Date.now() + 2_500))
    const load = vi.fn(() => 'loaded')
    const startedAt = performance.now()
    await expect(there.getOrSet('key', load, { timeout: { hard: '100ms' } })).rejects.toMatchObject(
      { code: 'LOAD_TIMEOUT' },
    )
    await expect(
      there.getOrSet('key', load, { signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    expect(load).not.toHaveBeenCalled()
  })

  test('see no value where one is being loaded', async () => {
    const cache = await at.openConnected()
    await at.raw.set('cache:key', leaseOf(Date.now() + 2_500))
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.exists('key')).toBe(false)
    expect(await cache.getTtl('key')).toBeUndefined()
    for await (const key of cache.scan()) expect.fail(`${key} was listed`)
    expect(await cache.getMany(['key'])).toEqual(new Map())
    expect(await cache.delete('key')).toBe(false)
  })
})

function leaseOf(until: number): string {
  const place = new Keyspace('cache:', 0).placeOf('key')
  return `${leaseHead(place.text)}another00000100000 ${until}`
}

const commandsOf = (work: () => Promise<unknown>): Promise<string[]> =>
  commandsFor(at.adminUrl, work)

/** Waits until the epoch that follows a change has begun. */
const settled = (): Promise<void> => sleep(400)

describe('the number of commands', () => {
  test('a hit in memory sends no command, any other read or write sends one', async () => {
    const [here, there] = [
      await at.openConnected(),
      await at.openConnected({ enableL1Cache: false }),
    ]
    // Redis gets to know the programs.
    await there.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    await there.getOrSet('d', () => 4)
    await there.delete('d')
    await settled()
    await here.get('a')
    expect(await commandsOf(() => here.get('a'))).toEqual([])
    for (const key of ['c', 'x']) expect(await commandsOf(() => here.get(key))).toEqual(['get'])
    expect(await commandsOf(() => here.set('a', 2))).toEqual(['evalsha'])
    expect(await commandsOf(() => here.getMany(['a', 'b', 'y']))).toEqual(['mget'])
    expect(await commandsOf(() => here.getOrSet('z', () => 5))).toEqual(['evalsha', 'evalsha'])
  })

  test('are the same without a memory tier, and one look at the generation for all of a turn', async () => {
    const cache = await at.openConnected({ enableL1Cache: false })
    await cache.set('a', 1)
    await cache.getOrSet('d', () => 4)
    await cache.delete('d')
    await settled()
    // A look at the generation does for the reads and writes of five milliseconds.
    const later = (): Promise<void> => sleep(20)
    expect(await commandsOf(() => cache.get('a'))).toEqual(['get', 'mget'])
    await later()
    expect(await commandsOf(() => cache.set('a', 2))).toEqual(['evalsha', 'mget'])
    await later()
    expect(await commandsOf(() => cache.delete('b'))).toEqual(['evalsha'])
    await later()
    expect(await commandsOf(() => Promise.all([1, 2, 3].map(() => cache.get('a'))))).toEqual([
      'get',
      'mget',
      'mget',
    ])
  })
})

describe('a write that was given up', () => {
  test('does not take effect when a frozen server goes on', async () => {
    const here = await at.openConnected({ commandTimeout: 50 })
    const there = await at.openConnected({ commandTimeout: 5_000 })
    for (let round = 0; round < 10; round++) {
      await here.set('key', 'before')
      at.redis.pause()
      await here.set('key', `ghost ${round}`)
      at.redis.resume()
      await there.set('key', `newer ${round}`)
      await sleep(20)
      expect(await there.get('key')).not.toBe(`ghost ${round}`)
      await vi.waitFor(() => expect(here.getStats().redis.unconfirmedDeletes).toBe(0), soon)
      expect((await at.raw.get('cache:key')) ?? '').not.toContain('ghost')
    }
  })
})
