import { setTimeout as sleep } from 'node:timers/promises'
import { type FaultProxy, startFaultProxy } from '@verbatim/fault-proxy'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

const recovered = { timeout: 10_000, interval: 5 }

/** The state of Redis for a process that changes a key during its own load of the key. */
interface State {
  readonly name: string
  /** Brings about the state, after the load began and before the change. */
  readonly begin?: (parts: Parts) => unknown
  /** Goes on after the change, before the load ends. */
  readonly between?: (parts: Parts) => unknown
  /** Makes Redis available again, after the load ended. */
  readonly end?: (parts: Parts) => unknown
}

interface Parts {
  readonly cache: GenericRedisCache
  readonly proxy: FaultProxy
}

const WRITES = ['EVALSHA', 'EVAL', 'SET', 'UNLINK']

async function refuseWrites(proxy: FaultProxy): Promise<void> {
  for (const command of WRITES) {
    await proxy.answerWithError({ command, error: 'ERR refused', count: 1_000 })
  }
}

const untilReplayed = ({ cache }: Parts): Promise<unknown> =>
  vi.waitFor(() => {
    expect(cache.getStats()).toMatchObject({ mode: 'redis', redis: { unconfirmedDeletes: 0 } })
  }, recovered)

const STATES: readonly State[] = [
  { name: 'is available' },
  {
    name: 'refuses writes until the load has ended',
    begin: ({ proxy }) => refuseWrites(proxy),
    end: ({ proxy }) => proxy.pass(),
  },
  {
    name: 'refuses writes, and takes the invalidation before the load ends',
    begin: ({ proxy }) => refuseWrites(proxy),
    between: async (parts) => {
      await parts.proxy.pass()
      await untilReplayed(parts)
    },
  },
  {
    name: 'loses the connection as the change is sent',
    begin: ({ proxy }) => void proxy.cut(),
  },
  {
    name: 'loses the connection, and takes the invalidation before the load ends',
    begin: ({ proxy }) => void proxy.cut(),
    between: untilReplayed,
  },
  {
    name: 'is frozen until the load has ended',
    begin: () => at.redis.pause(),
    end: () => at.redis.resume(),
  },
  {
    name: 'is frozen, and goes on before the load ends',
    begin: () => at.redis.pause(),
    between: (parts) => {
      at.redis.resume()
      return untilReplayed(parts)
    },
  },
  {
    name: 'is down until the load has ended',
    begin: async ({ cache, proxy }) => {
      await proxy.refuse()
      await proxy.cut()
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('memory_only'), recovered)
    },
    end: ({ proxy }) => proxy.pass(),
  },
  {
    name: 'is set back as the change is sent',
    begin: async () => {
      await at.raw.save()
      void at.redis.crash()
    },
    end: () => undefined,
  },
  {
    name: 'is set back as the change is sent, and takes the invalidation before the load ends',
    begin: async () => {
      await at.raw.save()
      void at.redis.crash()
    },
    between: untilReplayed,
  },
  {
    name: 'is set back after the change, before the load ends',
    begin: () => at.raw.save(),
    between: async (parts) => {
      await at.redis.crash()
      await untilReplayed(parts)
    },
  },
  {
    name: 'is set back after the change and after the load',
    begin: () => at.raw.save(),
    end: () => at.redis.crash(),
  },
  {
    name: 'gets another generation before the load ends',
    begin: ({ proxy }) => refuseWrites(proxy),
    between: async (parts) => {
      await at.raw.del(...(await at.raw.keys('cache:\0*')))
      await parts.proxy.pass()
      await untilReplayed(parts)
    },
  },
  {
    name: 'sends no invalidations',
    begin: async ({ cache, proxy }) => {
      await proxy.answerWithError({ command: 'CLIENT', error: 'ERR refused', count: 1_000 })
      await at.raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await vi.waitFor(() => expect(cache.getStats().memory?.tracking).not.toBe('live'), recovered)
    },
    end: ({ proxy }) => proxy.pass(),
  },
]

/** The ways to change one key. A pattern would fence the loads of all keys. */
const CHANGES: readonly ((cache: GenericRedisCache, key: string) => Promise<unknown>)[] = [
  (cache, key) => cache.delete(key),
  (cache, key) => cache.deleteMany(['another', key]),
  (cache, key) => cache.invalidateTags([key]),
  (cache, key) => cache.set(key, 'newer', { tags: [key] }),
  (cache, key) => cache.setMany([[key, 'newer']]),
]
const keysOf = (loader: string): string[] =>
  CHANGES.map((change) => `loaded by ${loader}, then ${String(change)}`)
const OWN = keysOf('this process')
const FOREIGN = keysOf('another process')
const KEYS = [...OWN, ...FOREIGN]

/** Reads the keys until a time is over. Returns the keys that had the value from before their change. */
async function outdatedFor(milliseconds: number, cache: GenericRedisCache): Promise<string[]> {
  const outdated = new Set<string>()
  const endsAt = performance.now() + milliseconds
  do {
    for (const key of KEYS) if ((await cache.get(key)) === 'before') outdated.add(key)
    for (const [key, value] of await cache.getMany(KEYS)) if (value === 'before') outdated.add(key)
    await sleep(1)
  } while (performance.now() < endsAt)
  return [...outdated]
}

describe('a process that changes a key never reads the value of an earlier load', () => {
  test.each(STATES)('while Redis $name', async ({ begin, between, end }) => {
    const proxy = await startFaultProxy({ target: at.redis.port })
    at.atTheEnd(() => proxy.close())
    const cache = await at.openConnected({ redisUrl: proxy.url, commandTimeout: 100 })
    const another = await at.openConnected({ commandTimeout: 100 })
    const parts = { cache, proxy }
    const ends: (() => void)[] = []
    const load = (): Promise<string> => new Promise((resolve) => ends.push(() => resolve('before')))
    const loads = [
      ...OWN.map((key) => cache.getOrSet(key, load, { tags: [key] })),
      ...FOREIGN.map((key) => another.getOrSet(key, load, { tags: [key] })),
    ]
    await vi.waitFor(() => expect(ends).toHaveLength(KEYS.length), recovered)
    await begin?.(parts)
    await Promise.all(KEYS.map(async (key, index) => CHANGES[index % CHANGES.length]?.(cache, key)))
    await between?.(parts)
    for (const endLoad of ends) endLoad()
    expect(new Set(await Promise.all(loads))).toEqual(new Set(['before']))
    expect(await outdatedFor(30, cache)).toEqual([])
    await end?.(parts)
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), recovered)
    expect(await outdatedFor(150, cache)).toEqual([])
  })
})
