import { setTimeout as sleep } from 'node:timers/promises'
import type { GetOrSetOptions } from '@verbatim/cache-core'
import { SingleFlight } from '@verbatim/cache-core/implement'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { leaseState } from '../src/two-tier/key-state.js'
import { LoadLeases } from '../src/two-tier/load-leases.js'
import { KeyWaiters } from '../src/waiters.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis({ commandTimeout: 5_000 })

const never = (): Promise<never> => new Promise(() => undefined)

async function openTwo(): Promise<[GenericRedisCache, GenericRedisCache]> {
  return [await at.openConnected(), await at.openConnected()]
}

async function timed<T>(call: () => Promise<T>): Promise<{ answer: T; milliseconds: number }> {
  const startedAt = performance.now()
  const answer = await call()
  return { answer, milliseconds: performance.now() - startedAt }
}

test.each([
  ['while Redis has memory', '0'],
  ['while Redis is out of memory', '1'],
])('%s, a load is not joined by a caller that comes after a change', async (_when, maxmemory) => {
  const [here, there] = await openTwo()
  let answer = (_value: string): void => undefined
  const first = here.getOrSet('key', () => new Promise<string>((resolve) => (answer = resolve)))
  await vi.waitFor(async () => expect(await at.raw.exists('cache:key')).toBe(1))
  await there.set('key', 'new')
  await there.delete('key')
  await at.raw.config('SET', 'maxmemory', maxmemory)
  try {
    const later = here.getOrSet('key', () => 'newest')
    expect(await Promise.race([later, sleep(1_000, 'joined the old load')])).toBe('newest')
    answer('old')
    expect(await first).toBe('old')
  } finally {
    await at.raw.config('SET', 'maxmemory', '0')
  }
})

test.each([
  ['while an invalidation of its key is pending', 1],
  ['while Redis refuses its lease', 0],
])(
  '%s, a load is not joined by a caller that comes after a change',
  async (_when, unconfirmedDeletes) => {
    const proxy = await startFaultProxy({ target: at.redis.port })
    at.atTheEnd(() => proxy.close())
    const [here, there] = [
      await at.openConnected({ redisUrl: proxy.url }),
      await at.openConnected(),
    ]
    for (const command of ['EVALSHA', 'EVAL', 'SET', 'UNLINK']) {
      await proxy.answerWithError({ command, error: 'ERR refused', count: 1_000 })
    }
    if (unconfirmedDeletes > 0) await here.delete('key')
    expect(here.getStats().redis.unconfirmedDeletes).toBe(unconfirmedDeletes)
    let answer = (_value: string): void => undefined
    const load = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
    const loads = [here.getOrSet('key', load), here.getOrSet('key', load)]
    await vi.waitFor(() => expect(load).toHaveBeenCalled())
    await there.set('key', 'new')
    const later = here.getOrSet('key', () => 'newest')
    expect(await Promise.race([later, sleep(1_000, 'joined the old load')])).toBe('newest')
    answer('old')
    expect(await Promise.all(loads)).toEqual(['old', 'old'])
    expect(load).toHaveBeenCalledTimes(1)
  },
)

test('a caller whose lease Redis refuses joins the load that holds the lease', async () => {
  const proxy = await startFaultProxy({ target: at.redis.port })
  at.atTheEnd(() => proxy.close())
  const cache = await at.openConnected({ redisUrl: proxy.url })
  let answer = (_value: string): void => undefined
  const load = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
  const first = cache.getOrSet('key', load)
  await vi.waitFor(() => expect(load).toHaveBeenCalled())
  await proxy.answerWithError({ command: 'EVALSHA', error: 'ERR refused', count: 1 })
  const second = cache.getOrSet('key', load)
  await vi.waitFor(() => expect(cache.getStats().redis.errors).toEqual({ BACKEND_REFUSED: 1 }))
  await sleep(100)
  answer('loaded')
  expect(await Promise.all([first, second])).toEqual(['loaded', 'loaded'])
  expect(load).toHaveBeenCalledTimes(1)
})

/** Runs a change while a load is under way that has read its source before. */
async function changeDuringLoad(
  here: GenericRedisCache,
  options: GetOrSetOptions<string>,
  change: () => Promise<unknown>,
): Promise<{ later: string; stored: unknown }> {
  let answer = (_value: string): void => undefined
  const load = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
  const first = here.getOrSet('key', load, options)
  await vi.waitFor(() => expect(load).toHaveBeenCalled())
  await change()
  const later = here.getOrSet('key', skipping('newest'), options)
  const joined = Promise.race([later, sleep(1_000, 'joined the old load')])
  await joined
  answer('old')
  expect(await first).toBe('old')
  return { later: await joined, stored: await here.get('key') }
}

/** Returns a loader whose value is not stored, so that a test sees other values. */
const skipping =
  (value: string) =>
  ({ skip }: { skip: () => void }): string => {
    skip()
    return value
  }

describe.each([true, false])('with a memory tier: %s', (enableL1Cache) => {
  test.each([
    ['nothing', false],
    ['a value that is void', true],
  ])('a load over %s is not joined after an invalidation of its tags', async (_what, isVoid) => {
    const [here, there] = [await at.openConnected({ enableL1Cache }), await at.openConnected()]
    if (isVoid) {
      await there.set('key', 'first', { tags: ['tag'] })
      await there.invalidateTags(['tag'])
    }
    const invalidate = (): Promise<void> => there.invalidateTags(['tag'])
    const { later, stored } = await changeDuringLoad(here, { tags: ['tag'] }, invalidate)
    expect(later).toBe('newest')
    expect(stored).toBeUndefined()
  })

  test('callers after an invalidation of tags share one load', async () => {
    const [here, there] = [await at.openConnected({ enableL1Cache }), await at.openConnected()]
    const load = vi.fn(() => sleep(200, 'loaded'))
    const tags = { tags: ['tag'] }
    const before = here.getOrSet('key', load, tags)
    await vi.waitFor(() => expect(load).toHaveBeenCalled())
    await there.invalidateTags(['tag'])
    const after = Array.from({ length: 5 }, () => here.getOrSet('key', load, tags))
    expect(new Set(await Promise.all([before, ...after]))).toEqual(new Set(['loaded']))
    expect(load).toHaveBeenCalledTimes(2)
  })

  test.each([
    ['nothing', false],
    ['a value that is void', true],
  ])(
    'a load over %s is neither joined nor stored after a raised generation',
    async (_what, isVoid) => {
      const [here, there] = [await at.openConnected({ enableL1Cache }), await at.openConnected()]
      const raise = async (): Promise<void> => {
        const names = await at.raw.keys('*generation')
        await at.raw.del(names)
        await vi.waitFor(async () => {
          await there.get('another key')
          expect(await at.raw.exists(names)).toBe(names.length)
        })
        await sleep(20)
      }
      if (isVoid) {
        await there.set('key', 'first')
        await raise()
      }
      const { later, stored } = await changeDuringLoad(here, {}, raise)
      expect(later).toBe('newest')
      expect(stored).toBeUndefined()
    },
  )
})

test('a caller that gives up during the lookup delays no other caller', async () => {
  const [here, there] = await openTwo()
  const given = new AbortController()
  const first = here.getOrSet('key', () => 'here', { signal: given.signal })
  given.abort()
  await expect(first).rejects.toThrow('aborted')
  const { answer, milliseconds } = await timed(() => there.getOrSet('key', () => 'there'))
  expect(answer).toBe('there')
  expect(milliseconds).toBeLessThan(1_500)
})

test('a cache that is opened with readOnly loads without a command that writes', async () => {
  const cache = await at.openConnected({ readOnly: true })
  const before = await at.raw.keys('*')
  const load = vi.fn(() => 'loaded')
  expect(await cache.getOrSet('key', load, { tags: ['tag'] })).toBe('loaded')
  expect(await cache.getOrSet('key', load, { tags: ['tag'] })).toBe('loaded')
  expect(load).toHaveBeenCalledTimes(2)
  expect(await at.raw.keys('*')).toEqual(before)
})

describe('a loader that never settles', () => {
  test('is waited for only so long by a process that found its lease', async () => {
    const waiters = new KeyWaiters()
    const lease = leaseState('of-another-process', 'one')
    const lookUp = vi.fn(async () => ({
      value: undefined,
      freshMs: -1,
      loadMs: 0,
      revision: lease,
    }))
    const leases = new LoadLeases({ renewLease: async () => undefined }, waiters, 600)
    const { answer, milliseconds } = await timed(
      () =>
        new SingleFlight().start(
          'key',
          async (flight) => (await leases.beforeLoad(flight, lookUp)) ?? 'loads itself',
          { expectedRevision: lease },
        ).result,
    )
    expect(answer).toBe('loads itself')
    expect(milliseconds).toBeGreaterThan(500)
    expect(milliseconds).toBeLessThan(5_000)
    expect(lookUp).toHaveBeenCalled()
  })

  test('is replaced by another process when its callers gave up with a signal', async () => {
    const [hanging, other] = await openTwo()
    const signal = AbortSignal.timeout(300)
    await expect(hanging.getOrSet('key', never, { signal })).rejects.toThrow()
    const { answer, milliseconds } = await timed(() => other.getOrSet('key', () => 'loaded'))
    expect(answer).toBe('loaded')
    expect(milliseconds).toBeLessThan(8_000)
  }, 20_000)

  test('is replaced by another process after the hard timeout of its callers', async () => {
    const [hanging, other] = await openTwo()
    await expect(hanging.getOrSet('key', never, { timeout: { hard: '300ms' } })).rejects.toThrow()
    const { answer, milliseconds } = await timed(() => other.getOrSet('key', () => 'loaded'))
    expect(answer).toBe('loaded')
    expect(milliseconds).toBeLessThan(8_000)
  }, 20_000)

  test('holds no lease any more once its process is closed', async () => {
    const [hanging, other] = await openTwo()
    void hanging.getOrSet('key', never).catch(() => undefined)
    await sleep(100)
    await hanging.close()
    const { answer, milliseconds } = await timed(() => other.getOrSet('key', () => 'loaded'))
    expect(answer).toBe('loaded')
    expect(milliseconds).toBeLessThan(8_000)
  }, 20_000)
})

describe('a load in another process', () => {
  test('is waited for while it makes progress, longer than its lease', async () => {
    const [first, second] = await openTwo()
    const load = vi.fn(async () => {
      await sleep(4_000)
      return 'slow'
    })
    const loading = first.getOrSet('key', load)
    await sleep(100)
    expect(await second.getOrSet('key', load)).toBe('slow')
    expect(await loading).toBe('slow')
    expect(load).toHaveBeenCalledTimes(1)
  }, 20_000)

  type Load = (cache: GenericRedisCache) => Promise<unknown>
  const slowly = async <T>(value: T): Promise<T> => {
    await sleep(300)
    return value
  }
  const withCycle = (): unknown => {
    const value: Record<string, unknown> = {}
    value['self'] = value
    return value
  }
  test.each<[string, Load]>([
    [
      'skip()',
      (cache) =>
        cache.getOrSet('key', ({ skip }) => {
          skip()
          return slowly('skipped')
        }),
    ],
    [
      'a thrown error',
      (cache) =>
        cache.getOrSet('key', async () => {
          await sleep(300)
          throw new Error('failed')
        }),
    ],
    ['undefined', (cache) => cache.getOrSet('key', () => slowly(undefined))],
    ['a function', (cache) => cache.getOrSet('key', () => slowly(() => 1))],
    ['a circular value', (cache) => cache.getOrSet('key', () => slowly(withCycle()))],
    [
      'a value that is too large',
      (cache) => cache.getOrSet('key', () => slowly('x'.repeat(9_000))),
    ],
    [
      'a TTL function that throws',
      (cache) =>
        cache.getOrSet('key', () => slowly(1), {
          ttl: () => {
            throw new Error('no TTL')
          },
        }),
    ],
    ['a TTL of 0', (cache) => cache.getOrSet('key', () => slowly(1), { ttl: () => 0 })],
    [
      'a delete meanwhile',
      async (cache) => {
        const loading = cache.getOrSet('key', () => slowly(1))
        await sleep(100)
        await cache.delete('key')
        return loading
      },
    ],
  ])('that ends with %s lets a waiting process load at once', async (_, load) => {
    const first = await at.openConnected({ maxValueBytes: 1_024, compressionThreshold: 1_048_576 })
    const second = await at.openConnected()
    const loading = load(first).catch(() => undefined)
    await sleep(100)
    const waiting = timed(() => second.getOrSet('key', () => 'loaded'))
    await loading
    const { answer, milliseconds } = await waiting
    expect(answer).toBe('loaded')
    // The lease would last for 3 s.
    expect(milliseconds).toBeLessThan(1_500)
    expect(await second.get('key')).toBe('loaded')
  })
})

describe('a loader that requests its own key', () => {
  test('is rejected at once with LOAD_CYCLE', async () => {
    const [cache] = await openTwo()
    const { milliseconds } = await timed(() =>
      expect(cache.getOrSet('key', () => cache.getOrSet('key', () => 1))).rejects.toMatchObject({
        code: 'LOAD_CYCLE',
      }),
    )
    expect(milliseconds).toBeLessThan(2_000)
    expect(await cache.getOrSet('key', () => 'later')).toBe('later')
  })

  test('is rejected at once with another key in between', async () => {
    const [cache] = await openTwo()
    const call = cache.getOrSet('a', () => cache.getOrSet('b', () => cache.getOrSet('a', () => 1)))
    await expect(call).rejects.toMatchObject({ code: 'LOAD_CYCLE' })
  })
})
