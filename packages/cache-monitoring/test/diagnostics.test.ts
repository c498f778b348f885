import { type CacheMonitor, ConfigurationError, type Logger } from '@verbatim/cache-core'
import { describe, expect, test, vi } from 'vitest'
import { OpenTelemetryMonitor } from '../src/export/otel.js'
import { CachePerformanceMonitor } from '../src/index.js'

function recordingLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  return {
    lines,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  }
}

const fail = (): never => {
  throw new Error('broken')
}

describe('a logger', () => {
  test('receives each alert once, at its level, with the name of the monitor', () => {
    const { logger, lines } = recordingLogger()
    const monitor = new CachePerformanceMonitor({
      ...{ name: 'answers', logger },
      ...{ memoryWarningThresholdBytes: 10, memoryCriticalThresholdBytes: 20 },
    })
    for (const bytes of [12, 12, 25, 1]) {
      monitor.recordMemoryUsage({ memoryCacheBytes: bytes, memoryCacheEntries: 1 })
      monitor.getAlerts()
    }
    expect(lines).toEqual([
      'warn answers: alert cache_size raised, WARNING: Caches hold 0.0 MB.',
      'error answers: alert cache_size changed, CRITICAL: Caches hold 0.0 MB.',
      'info answers: alert cache_size cleared, CRITICAL: Caches hold 0.0 MB.',
    ])
  })

  test('receives the first rejected record, with the reason and without a value', () => {
    const { logger, lines } = recordingLogger()
    const monitor = new CachePerformanceMonitor({ name: 'answers', logger })
    for (let count = 0; count < 3; count++) {
      monitor.recordCacheOperationTime({
        ...{ operation: 'get', duration: 1, cacheHit: true },
        cache_hit: 's3cret',
      } as never)
    }
    expect(lines).toEqual([
      'warn answers: a record was left out: it has the unknown field cache_hit. Did you mean cacheHit?',
    ])
    expect(monitor.getPerformanceStats()).toMatchObject({ rejectedRecords: 3, cacheHits: 0 })
  })

  test('that throws fails no call', () => {
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    const monitor = new CachePerformanceMonitor({ logger, memoryWarningThresholdBytes: 1 })
    monitor.recordMemoryUsage({ memoryCacheBytes: 5, memoryCacheEntries: 1 })
    monitor.recordMemoryUsage({} as never)
    expect(monitor.getAlerts()).toHaveLength(1)
  })

  test('that rejects does not end the process', async () => {
    const reject = (): Promise<never> => Promise.reject(new Error('disk full'))
    const logger = { debug: reject, info: reject, warn: reject, error: reject }
    const monitor = new CachePerformanceMonitor({ logger, memoryWarningThresholdBytes: 1 })
    monitor.recordMemoryUsage({ memoryCacheBytes: 5, memoryCacheEntries: 1 })
    monitor.recordMemoryUsage({} as never)
    expect(monitor.getAlerts()).toHaveLength(1)
    new OpenTelemetryMonitor({ logger }).observeInvalidation(-1)
    // An unhandled rejection would fail the test run.
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('without a logger', () => {
  test('a process warning reports the first rejected record', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): number => warnings.push(warning)
    process.on('warning', listen)
    const monitor = new CachePerformanceMonitor({ name: 'answers' })
    for (let count = 0; count < 3; count++) monitor.observeInvalidation(-1, 1)
    await vi.waitFor(() => expect(warnings).toHaveLength(1))
    process.off('warning', listen)
    expect(warnings[0]).toMatchObject({
      code: 'VERBATIM_RECORD_REJECTED',
      message: expect.stringContaining('answers: a record was left out'),
    })
  })
})

describe('records', () => {
  test.each<[string, (monitor: CachePerformanceMonitor, bad: never) => void, object]>([
    [
      'recordCacheOperationTime',
      (monitor, bad) => monitor.recordCacheOperationTime(bad),
      { operation: 'get', duration: 1, cacheHit: true },
    ],
    [
      'recordKeyGenerationTime',
      (monitor, bad) => monitor.recordKeyGenerationTime(bad),
      { duration: 1, textLength: 1 },
    ],
    [
      'recordCompressionRatio',
      (monitor, bad) => monitor.recordCompressionRatio(bad),
      { originalSize: 2, compressedSize: 1, compressionTime: 1 },
    ],
    [
      'recordInvalidationEvent',
      (monitor, bad) => monitor.recordInvalidationEvent(bad),
      { pattern: '*', keysInvalidated: 1, duration: 1 },
    ],
    [
      'recordMemoryUsage',
      (monitor, bad) => monitor.recordMemoryUsage(bad),
      { memoryCacheBytes: 1, memoryCacheEntries: 1 },
    ],
  ])('of %s with an unknown field or a getter that throws are rejected', (_name, record, valid) => {
    const { logger } = recordingLogger()
    const monitor = new CachePerformanceMonitor({ logger })
    record(monitor, valid as never)
    expect(monitor.getPerformanceStats().rejectedRecords).toBe(0)
    record(monitor, { ...valid, duration_ms: 1 } as never)
    const [first = ''] = Object.keys(valid)
    record(monitor, Object.defineProperty({ ...valid }, first, { get: fail }) as never)
    expect(monitor.getPerformanceStats().rejectedRecords).toBe(2)
  })

  test('of a get are rejected without cacheHit', () => {
    const monitor = new CachePerformanceMonitor({ logger: recordingLogger().logger })
    monitor.recordCacheOperationTime({ operation: 'get', duration: 1 } as never)
    expect(monitor.getPerformanceStats()).toMatchObject({ cacheMisses: 0, rejectedRecords: 1 })
  })
})

test('a cache that fails to return its size is reported once, and asked again', () => {
  const { logger, lines } = recordingLogger()
  const monitor = new CachePerformanceMonitor({ name: 'answers', logger })
  let bytes: unknown = 1n
  monitor.observeMemory({
    memoryUse: () => ({ entries: 1, maxEntries: 2, bytes: bytes as number }),
  })
  monitor.observeMemory({ memoryUse: fail })
  monitor.sample()
  monitor.sample()
  expect(monitor.getMemoryUsageStats().noMeasurements).toBe(true)
  bytes = 64
  monitor.sample()
  expect(monitor.exportMetrics().memory_usage_measurements).toMatchObject([
    { memory_cache_size_bytes: 64 },
  ])
  expect(lines).toEqual(['warn answers: a cache fails to say how much it holds'])
})

test('constructors reject unknown and wrong options', () => {
  const build: ((options: object) => unknown)[] = [
    (options) => new CachePerformanceMonitor(options),
    (options) => new OpenTelemetryMonitor(options),
  ]
  for (const make of build) {
    for (const bad of [
      { retention_hours: 9 },
      { logger: console.log },
      { logger: { warn: () => {} } },
      { name: '' },
    ]) {
      expect(() => make(bad)).toThrow(ConfigurationError)
    }
  }
  expect(() => new CachePerformanceMonitor({ retention_hours: 9 } as never)).toThrow(
    'Did you mean retentionHours?',
  )
  for (const bad of [{ meter: {} }, { tracer: 'tracer' }, { meters: {} }] as never[]) {
    expect(() => new OpenTelemetryMonitor(bad)).toThrow(ConfigurationError)
  }
})

test('both monitors of a cache get the same number without a name', () => {
  const numberOf = ({ name }: { readonly name: string }): number =>
    Number(name.replace('cache-', ''))
  const [one, other] = [new CachePerformanceMonitor(), new CachePerformanceMonitor()]
  const [first, second] = [new OpenTelemetryMonitor(), new OpenTelemetryMonitor()]
  expect(numberOf(other) - numberOf(one)).toBe(1)
  expect(numberOf(second) - numberOf(first)).toBe(1)
  expect(new OpenTelemetryMonitor({ name: 'answers' }).name).toBe('answers')
})

test('an OpenTelemetryMonitor throws for no argument', () => {
  const { logger, lines } = recordingLogger()
  const monitor: CacheMonitor = new OpenTelemetryMonitor({ name: 'answers', logger })
  monitor.observeOperation(Symbol('s') as never, 'hit', 'memory', 1n as never)
  monitor.observeResponse?.({} as never, {} as never, 'maybe' as never, 1)
  expect(lines).toEqual([expect.stringContaining('warn answers: a record was left out')])
})
