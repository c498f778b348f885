import { type CacheMonitor, ManualClock } from '@verbatim/cache-core'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { OpenTelemetryMonitor } from '@verbatim/cache-monitoring/otel'
import { freePort } from '@verbatim/test-support'
import { describe, expect, test, vi } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions, CacheKeyGenerator } from '../src/index.js'
import { SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'Is it binding?', operation: 'qa', options: { model: 'small' } }

const fail = (): never => {
  throw new Error('broken')
}

/** Calls every method of a cache that takes its answer from the monitor. */
async function askAll(cache: AIResponseCache): Promise<void> {
  await cache.getCacheStats()
  cache.getAiPerformanceSummary()
  cache.getPerformanceStats()
  cache.getPerformanceSummary()
  cache.getMemoryWarnings()
  cache.getInvalidationFrequencyStats()
  cache.getInvalidationRecommendations()
  cache.recordMemoryUsage({ memoryCacheBytes: 1, memoryCacheEntries: 1 })
}

const MONITORS: [string, () => NonNullable<AIResponseCacheOptions['performanceMonitor']>][] = [
  ['a CachePerformanceMonitor', () => new CachePerformanceMonitor()],
  ['an OpenTelemetryMonitor alone', () => new OpenTelemetryMonitor()],
  ['both', () => combineMonitors(new CachePerformanceMonitor(), new OpenTelemetryMonitor())],
  [
    'both, the other way round',
    () => combineMonitors(new OpenTelemetryMonitor(), new CachePerformanceMonitor()),
  ],
  [
    'three, nested',
    () =>
      combineMonitors(
        new OpenTelemetryMonitor(),
        combineMonitors(new CachePerformanceMonitor(), new OpenTelemetryMonitor()),
      ),
  ],
]

describe.each(MONITORS)('an AI cache that reports to %s', (_what, make) => {
  test('has all of its statistics', async () => {
    const cache = at.open({ performanceMonitor: make() })
    await cache.cacheResponse({ ...request, response: 1 })
    await cache.getCachedResponse(request)
    await cache.getCachedResponse({ ...request, text: 'Is it absent?' })
    await cache.invalidateByOperation('qa')
    await askAll(cache)
    expect(cache.getPerformanceStats()).toMatchObject({
      ...{ cacheHits: 1, cacheMisses: 1, cacheHitRate: 50 },
      responses: [{ operation: 'qa', model: 'small', hits: 1, misses: 1, stored: 1 }],
    })
    expect(cache.getInvalidationFrequencyStats()).toMatchObject({ totalInvalidations: 1 })
  })
})

test('a monitor of the application gets each response, and the cache has its own statistics', async () => {
  const observed: unknown[] = []
  const performanceMonitor: CacheMonitor = {
    observeOperation: () => {},
    observeKeyGeneration: () => {},
    observeCompression: () => {},
    observeInvalidation: () => {},
    observeResponse: (...[operation, model, outcome]) => observed.push([operation, model, outcome]),
  }
  const cache = new AIResponseCache({ performanceMonitor })
  await cache.getOrCompute(request, () => 1)
  await cache.getOrCompute(request, () => 2)
  expect(observed).toContainEqual(['qa', 'small', 'miss'])
  expect(observed).toContainEqual(['qa', 'small', 'hit'])
  expect(cache.getPerformanceStats().cacheHits).toBe(1)
})

describe('a monitor whose methods or getters all throw', () => {
  const broken = (): CacheMonitor =>
    new Proxy({} as CacheMonitor, { get: (_target, name) => (name === 'then' ? undefined : fail) })
  const unreadable = (): CacheMonitor => new Proxy({} as CacheMonitor, { get: fail, has: fail })

  test.each([
    ['methods', broken],
    ['getters', unreadable],
  ])('fails no call by its %s, and is reported once', async (_what, make) => {
    const warnings: Error[] = []
    const listen = (warning: Error): number => warnings.push(warning)
    process.on('warning', listen)
    const cache = at.open({ performanceMonitor: make() })
    await cache.cacheResponse({ ...request, response: 1 })
    expect((await cache.getCachedResponse(request))?.response).toBe(1)
    expect((await cache.getOrCompute({ ...request, text: 'new' }, () => 2)).response).toBe(2)
    expect(await cache.invalidateByOperation('qa')).toBe(2)
    await askAll(cache)
    await vi.waitFor(() => expect(warnings).not.toEqual([]))
    process.off('warning', listen)
    expect(warnings).toMatchObject([{ code: 'VERBATIM_MONITOR_FAILED' }])
  })

  test('fails no key generator', () => {
    const keys = new CacheKeyGenerator({ performanceMonitor: broken() })
    expect(keys.generateCacheKey('text', 'qa')).toContain('op:qa')
  })
})

test('constructors reject anything but a monitor by the name of the option', () => {
  for (const bad of [null, {}, 'monitor', { observeOperations: fail }] as never[]) {
    expect(() => new AIResponseCache({ performanceMonitor: bad })).toThrow('performanceMonitor')
    expect(() => new CacheKeyGenerator({ performanceMonitor: bad })).toThrow('performanceMonitor')
  }
})

/** Returns every figure that counts lookups of a cache. */
function figuresOf(cache: AIResponseCache): Record<string, unknown> {
  const { hits, misses, errors } = cache.getStats()
  const monitor = cache.getPerformanceStats()
  const overview = cache.getPerformanceSummary()
  const summary = cache.getAiPerformanceSummary()
  return {
    ratio: cache.getCacheHitRatio(),
    stats: [hits, misses, errors],
    // Without its errors: among them is the store of what was computed.
    monitor: [monitor.cacheHits, monitor.cacheMisses],
    responses: monitor.responses?.map((each) => [each.hits, each.misses, each.errors]),
    overview: [overview.cacheHits, overview.cacheMisses, overview.cacheErrors],
    byOperation: [overview.hitsByOperation, overview.missesByOperation],
    summary: [summary.totalOperations, summary.totalErrors, summary.overallHitRate],
  }
}

const LOOKUPS: [string, (cache: AIResponseCache) => Promise<unknown>][] = [
  ['getCachedResponse', (cache) => cache.getCachedResponse(request)],
  ['getOrCompute', (cache) => cache.getOrCompute(request, () => 'computed')],
]

describe.each(LOOKUPS)('%s', (_method, lookUp) => {
  test.each([
    ['text', 'not a response'],
    ['an object without our fields', { response: 1 }],
    [
      'a response with an impossible tier',
      { response: 1, operation: 'qa', textTier: 'huge', storedAt: 1 },
    ],
  ])('counts %s under a key as a miss in every figure', async (_what, value) => {
    for (const cache of [await at.openConnected(), new AIResponseCache()]) {
      await cache.set(cache.buildKey(request.text, request.operation, request.options), value)
      await lookUp(cache)
      expect(figuresOf(cache)).toEqual({
        ...{ ratio: 0, stats: [0, 1, 0], monitor: [0, 1], responses: [[0, 1, 0]] },
        ...{ overview: [0, 1, 0], byOperation: [{ qa: 0 }, { qa: 1 }], summary: [1, 0, 0] },
      })
    }
  })

  test('counts a lookup that Redis cannot answer as an error in every figure', async () => {
    const redisUrl = `redis://127.0.0.1:${await freePort()}`
    for (const onBackendError of ['degrade', 'throw'] as const) {
      const cache = at.open({ redisUrl, onBackendError })
      const isThrown = await lookUp(cache).then(
        () => false,
        () => true,
      )
      expect(isThrown).toBe(onBackendError === 'throw')
      expect(figuresOf(cache)).toEqual({
        ...{ ratio: 0, stats: [0, 0, 1], monitor: [0, 0], responses: [[0, 0, 1]] },
        ...{ overview: [0, 0, 1], byOperation: [{ qa: 0 }, { qa: 0 }], summary: [0, 1, undefined] },
      })
    }
  })
})

test('a response with parts that are copied at every hit is a hit', async () => {
  const cache = new AIResponseCache()
  await cache.cacheResponse({ ...request, response: { at: new Date(0), map: new Map([['a', 1]]) } })
  expect((await cache.getCachedResponse<{ at: Date }>(request))?.response.at).toEqual(new Date(0))
  expect(cache.getStats()).toMatchObject({ hits: 1, misses: 0 })
})

test('unknown figures are absent, not 0', () => {
  const cache = new AIResponseCache({ clock: new ManualClock() })
  expect(cache.getPerformanceSummary()).not.toHaveProperty('hitRatio')
  expect(cache.getPerformanceSummary()).not.toHaveProperty('recentAvgOperationTimeSeconds')
  const { overallHitRate, keyGenerationStats, inheritedStats } = cache.getAiPerformanceSummary()
  expect([overallHitRate, keyGenerationStats.averageGenerationTimeSeconds]).toEqual([
    undefined,
    undefined,
  ])
  expect(inheritedStats).not.toHaveProperty('cacheHitRate')
  expect(cache.getOperationPerformance().summary).toEqual({
    totalOperationsMeasured: 0,
    totalOperationTypes: 0,
  })
})

test('operations beyond the first hundred count as other, and labels contain no text of a user', async () => {
  const cache = new AIResponseCache()
  const text = 'Is the contract between the parties binding?'
  await cache.getCachedResponse({ text: 'x', operation: text })
  for (let count = 0; count < 150; count++) {
    await cache.getCachedResponse({ text: 'x', operation: `operation-${count}` })
  }
  const { missesByOperation } = cache.getPerformanceSummary()
  expect(Object.keys(missesByOperation).length).toBeLessThanOrEqual(101)
  expect(missesByOperation['other']).toBeGreaterThan(1)
  expect(JSON.stringify(cache.getPerformanceStats().responses)).not.toContain('contract')
})
