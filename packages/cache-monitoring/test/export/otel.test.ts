import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { OpenTelemetryMonitor } from '../../src/export/otel.js'
import { CachePerformanceMonitor, combineMonitors } from '../../src/index.js'
import { openTelemetry } from './open-telemetry.js'

const CACHE = 'verbatim.cache'

test('operations are counted, and the timed ones have durations', async () => {
  const { monitor, exported } = openTelemetry()
  monitor.observeOperation('get', 'hit', 'memory', undefined)
  monitor.observeOperation('get', 'hit', 'memory', 0.5)
  monitor.observeOperation('get', 'error', 'redis', 200)
  const hit = {
    [`${CACHE}.operation`]: 'get',
    [`${CACHE}.outcome`]: 'hit',
    [`${CACHE}.tier`]: 'memory',
  }
  const error = {
    [`${CACHE}.operation`]: 'get',
    [`${CACHE}.outcome`]: 'error',
    [`${CACHE}.tier`]: 'redis',
    'error.type': '_OTHER',
  }
  expect(await exported()).toMatchObject({
    [`${CACHE}.operations`]: {
      unit: '{operation}',
      points: [
        { ...hit, value: 2 },
        { ...error, value: 1 },
      ],
    },
    [`${CACHE}.operation.duration`]: {
      unit: 's',
      points: [
        {
          ...hit,
          value: {
            count: 1,
            sum: 0.0005,
            buckets: { boundaries: expect.arrayContaining([1e-6, 2.5]) },
          },
        },
        { ...error, value: { count: 1, sum: 0.2 } },
      ],
    },
  })
})

test('keys, compression, invalidations and memory are reported', async () => {
  const { monitor, exported } = openTelemetry()
  const cache = new InMemoryCache({ performanceMonitor: monitor, maxSize: 10, maxBytes: 10_000 })
  await cache.set('key', 'value')
  monitor.observeKeyGeneration(2)
  monitor.observeCompression(400, 100)
  monitor.observeInvalidation(3)
  expect(await exported()).toMatchObject({
    [`${CACHE}.key_generation.duration`]: { unit: 's', points: [{ value: { count: 1 } }] },
    [`${CACHE}.compression.io`]: {
      unit: 'By',
      points: [
        { [`${CACHE}.compression.stage`]: 'before', value: 400 },
        { [`${CACHE}.compression.stage`]: 'after', value: 100 },
      ],
    },
    [`${CACHE}.invalidations`]: { points: [{ value: 1 }] },
    [`${CACHE}.invalidated_keys`]: { points: [{ value: 3 }] },
    [`${CACHE}.memory.usage`]: { unit: 'By', points: [{ value: cache.memoryUse().bytes }] },
    [`${CACHE}.entries`]: { points: [{ value: 1 }] },
    [`${CACHE}.entries.limit`]: { points: [{ value: 10 }] },
  })
})

test('a timed operation is a span that ends now', () => {
  const { monitor, spans } = openTelemetry()
  const now = Date.now() / 1_000
  monitor.observeOperation('get', 'hit', 'memory', undefined)
  monitor.observeOperation('set', 'ok', 'redis', 250)
  monitor.observeOperation('get', 'error', 'redis', 1)
  const [set, failed, ...others] = spans.getFinishedSpans()
  expect(others).toEqual([])
  expect(set).toMatchObject({
    name: 'cache set',
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: { [`${CACHE}.outcome`]: 'ok' },
  })
  const [seconds = 0, nanoseconds = 0] = set?.duration ?? []
  expect(seconds + nanoseconds / 1e9).toBeCloseTo(0.25, 3)
  const [endedAt = 0] = set?.endTime ?? []
  expect(Math.abs(endedAt - now)).toBeLessThan(5)
  expect(failed).toMatchObject({ name: 'cache get', status: { code: SpanStatusCode.ERROR } })
})

test.each<[string, (monitor: OpenTelemetryMonitor) => void]>([
  ['operation', (monitor) => monitor.observeOperation('GET' as 'get', 'hit', 'memory', 1)],
  ['outcome', (monitor) => monitor.observeOperation('get', 'maybe' as 'hit', 'memory', 1)],
  ['tier', (monitor) => monitor.observeOperation('get', 'hit', 'disk' as 'memory', 1)],
  ['duration', (monitor) => monitor.observeOperation('get', 'hit', 'memory', Number.NaN)],
  ['key generation', (monitor) => monitor.observeKeyGeneration(-1)],
  ['compression', (monitor) => monitor.observeCompression(1, -1)],
  ['operation of a response', (monitor) => monitor.observeResponse(null as never, 'm', 'hit', 1)],
  ['duration of a response', (monitor) => monitor.observeResponse('qa', 'm', 'hit', Number.NaN)],
  ['invalidation', (monitor) => monitor.observeInvalidation(Number.POSITIVE_INFINITY)],
])('an invalid %s is counted and rejected', async (_what, observe) => {
  const { monitor, spans, exported } = openTelemetry()
  observe(monitor)
  const metrics = await exported()
  expect(metrics).toMatchObject({ [`${CACHE}.rejected_records`]: { points: [{ value: 1 }] } })
  const counted = Object.entries(metrics).filter(([, { points }]) => points.length > 0)
  expect(counted.map(([name]) => name)).toEqual([`${CACHE}.rejected_records`])
  expect(spans.getFinishedSpans()).toEqual([])
})

test('several monitors receive the same calls', async () => {
  const { monitor, exported } = openTelemetry()
  const other = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: combineMonitors(monitor, other) })
  await cache.set('key', 1)
  await cache.get('key')
  await cache.invalidatePattern('*')
  expect(other.getPerformanceStats()).toMatchObject({ cacheHits: 1, totalCacheOperations: 2 })
  expect((await exported())[`${CACHE}.operations`]?.points).toHaveLength(2)
  other.sample()
  expect(other.getMemoryUsageStats().noMeasurements).toBe(false)
})

describe('several caches on one meter', () => {
  test('have different names as attributes', async () => {
    const { monitor, meter, exported } = openTelemetry()
    const sessions = new OpenTelemetryMonitor({ name: 'sessions', meter })
    const caches = [monitor, sessions].map((performanceMonitor, index) => {
      return new InMemoryCache({ performanceMonitor, maxSize: 10 + index })
    })
    for (const cache of caches) await cache.set('key', 'value')
    await caches[1]?.set('other', 'value')
    for (const each of [monitor, sessions]) {
      each.observeKeyGeneration(1)
      each.observeCompression(2, 1)
      each.observeInvalidation(1)
      each.observeInvalidation(-1)
      each.observeResponse('summarize', 'small', 'hit', 1)
    }
    const metrics = await exported()
    expect(Object.keys(metrics)).toHaveLength(11)
    for (const [name, { points }] of Object.entries(metrics)) {
      const names = new Set(points.map((point) => Reflect.get(point, `${CACHE}.name`)))
      expect([name, ...names]).toEqual([name, 'answers', 'sessions'])
    }
    expect(metrics[`${CACHE}.entries`]?.points).toMatchObject([{ value: 1 }, { value: 2 }])
    expect(metrics[`${CACHE}.entries.limit`]?.points).toMatchObject([{ value: 10 }, { value: 11 }])
  })

  test('with one name add up', async () => {
    const { monitor, meter, exported } = openTelemetry()
    const again = new OpenTelemetryMonitor({ name: 'answers', meter })
    const caches = [monitor, again].map(
      (performanceMonitor) => new InMemoryCache({ performanceMonitor }),
    )
    for (const cache of caches) await cache.set('key', 'value')
    const metrics = await exported()
    expect(metrics[`${CACHE}.operations`]?.points).toMatchObject([{ value: 2 }])
    expect(metrics[`${CACHE}.entries`]?.points).toMatchObject([{ value: 2 }])
  })
})

test('operations and models of AI responses are attributes from bounded sets', async () => {
  const { monitor, exported } = openTelemetry()
  monitor.observeResponse('Is the contract binding?', 'small', 'hit', 1)
  monitor.observeResponse('qa', undefined, 'error', 1)
  for (let count = 0; count < 1_000; count++) {
    monitor.observeResponse(`operation-${count}`, `model-${count}`, 'miss', 1)
  }
  const points = (await exported())[`${CACHE}.responses`]?.points ?? []
  expect(points.length).toBeLessThanOrEqual(110)
  expect(JSON.stringify(points)).not.toContain('contract')
  expect(points).toContainEqual({
    [`${CACHE}.name`]: 'answers',
    [`${CACHE}.response.operation`]: 'qa',
    [`${CACHE}.outcome`]: 'error',
    value: 1,
  })
})
