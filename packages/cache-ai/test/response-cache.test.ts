import { CacheInterface, type SetOptions, systemClock, type Ttl } from '@verbatim/cache-core'
import { assertKey, assertValue, MonitorGuard } from '@verbatim/cache-core/implement'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { describe, expect, test } from 'vitest'
import { DEFAULTS } from '../src/config/settings.js'
import { CacheKeyGenerator } from '../src/keys/cache-key-generator.js'
import { mergeOperationTtls } from '../src/operation-ttls.js'
import { PromotionRule } from '../src/promotion.js'
import { ResponseCache } from '../src/response-cache.js'
import { StoredResponses } from '../src/stored-responses.js'

/** A cache with nothing but the four abstract methods. */
class FourMethodCache extends CacheInterface {
  readonly #values = new Map<string, unknown>()

  override async get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    return this.#values.get(key) as T | undefined
  }

  override async set<T>(key: string, value: T, _ttl?: Ttl | SetOptions): Promise<void> {
    assertKey(key)
    assertValue(value)
    this.loads.fence(key)
    this.#values.set(key, value)
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    this.loads.fence(key)
    return this.#values.delete(key)
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#values.has(key)
  }
}

function open(cache: CacheInterface): {
  responses: ResponseCache
  monitor: CachePerformanceMonitor
} {
  const monitor = new CachePerformanceMonitor()
  const clock = systemClock
  const responses = new ResponseCache({
    ...{ cache, clock, operationTtls: mergeOperationTtls({}) },
    keys: new CacheKeyGenerator({ prefix: '' }),
    textSizeTiers: DEFAULTS.textSizeTiers,
    responses: new StoredResponses({
      ...{ clock, form: {}, isLegacy: false },
      assertStorable: () => undefined,
      copy: structuredClone,
    }),
    monitor: new MonitorGuard(monitor),
    promotion: new PromotionRule(),
  })
  return { responses, monitor }
}

const request = {
  text: 'Test text',
  operation: 'qa',
  options: { model: 'gpt-4' },
  question: 'Why?',
}

describe.each<[name: string, create: () => CacheInterface]>([
  ['an InMemoryCache', () => new InMemoryCache()],
  ['a cache with four methods', () => new FourMethodCache()],
])('responses in %s', (_name, create) => {
  test('are stored and found', async () => {
    const { responses, monitor } = open(create())
    expect(await responses.find(request, undefined)).toBeUndefined()
    await responses.store({ ...request, response: { answer: 42 } })
    expect(await responses.find(request, undefined)).toMatchObject({
      response: { answer: 42 },
      cached: { hit: true, joined: false, stale: false, tier: 'memory', textTier: 'small' },
    })
    expect(monitor.getPerformanceStats().responses).toMatchObject([
      { operation: 'qa', model: 'gpt-4', hits: 1, misses: 1, stored: 1 },
    ])
  })

  test('are computed once by calls that run at the same time', async () => {
    const { responses, monitor } = open(create())
    let computations = 0
    const compute = async (): Promise<number> => ++computations
    const calls = [1, 2, 3].map(() => responses.getOrCompute(request, compute, {}))
    const joined = (await Promise.all(calls)).map(({ cached }) => cached.joined)
    expect(joined).toEqual([false, true, true])
    const later = await responses.getOrCompute(request, compute, {})
    expect(later).toMatchObject({ response: 1, cached: { hit: true, tier: 'memory' } })
    expect(monitor.getPerformanceStats().responses).toMatchObject([
      { operation: 'qa', hits: 1, misses: 1, joined: 2 },
    ])
  })

  test('are computed in one call for many requests', async () => {
    const { responses } = open(create())
    await responses.store({ ...request, response: 'stored' })
    const others = [
      { ...request, text: 'first' },
      { ...request, text: 'second' },
    ]
    const compute = (missing: readonly { text: string }[]): string[] =>
      missing.map(({ text }) => `computed ${text}`)
    const found = await responses.getOrComputeMany([request, ...others], compute, {})
    expect(found.map(({ response }) => response)).toEqual([
      'stored',
      'computed first',
      'computed second',
    ])
  })

  test('are computed again with refresh, with noStore and when maxAge has passed', async () => {
    const { responses } = open(create())
    let computations = 0
    const compute = (): number => ++computations
    await responses.getOrCompute(request, compute, {})
    const refreshed = await responses.getOrCompute(request, compute, { refresh: true })
    expect(refreshed.response).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 10))
    const options = { maxAge: '1ms', noStore: true } as const
    expect((await responses.getOrCompute(request, compute, options)).response).toBe(3)
    expect((await responses.getOrCompute(request, compute, {})).response).toBe(2)
  })

  test('are never computed with onlyIfCached', async () => {
    const { responses } = open(create())
    const compute = (): never => {
      throw new Error('nothing is to be computed')
    }
    const options = { onlyIfCached: true }
    await expect(responses.getOrCompute(request, compute, options)).rejects.toMatchObject({
      code: 'NOT_CACHED',
    })
    await responses.store({ ...request, response: 1 })
    expect(await responses.getOrCompute(request, compute, options)).toMatchObject({ response: 1 })
  })

  test('reach their callers when they cannot be stored', async () => {
    const cache = create()
    const { responses } = open(cache)
    const shouldStore = (): never => {
      throw new Error('the decision fails')
    }
    const { response, cached } = await responses.getOrCompute(request, () => 1, { shouldStore })
    expect(response).toBe(1)
    expect(await cache.exists(cached.key)).toBe(false)
  })

  test('replace a value that is not a response', async () => {
    const cache = create()
    const { responses } = open(cache)
    const { cached } = await responses.getOrCompute(request, () => 1, {})
    await cache.set(cached.key, 'something else')
    expect(await responses.find(request, undefined)).toBeUndefined()
    expect(await responses.getOrCompute(request, () => 2, {})).toMatchObject({ response: 2 })
  })
})

test('responses in an InMemoryCache are invalidated by operation, model and tenant', async () => {
  const { responses } = open(new InMemoryCache())
  const store = async (): Promise<void> => {
    await responses.store({ ...request, response: 1 })
    await responses.store({ ...request, response: 1, tenant: 'ada' })
  }
  await store()
  expect(await responses.invalidateByOperation('qa', { reason: 'update' })).toBe(1)
  expect(await responses.forget('ada')).toBe(1)
  await store()
  await responses.invalidateByModel('gpt-4')
  expect(await responses.find(request, undefined)).toBeUndefined()
})
