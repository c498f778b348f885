import { type CacheMonitor, ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { recordingLogger } from '@verbatim/test-support'
import { describe, expect, test, vi } from 'vitest'
import { OpenTelemetryMonitor } from '../../src/export/otel.js'
import {
  CachePerformanceMonitor,
  combineMonitors,
  type PerformanceMonitor,
} from '../../src/index.js'

/** Returns the names of all methods of a monitor. */
function methodsOf(monitor: object): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(monitor)).filter(
    (name) => name !== 'constructor' && typeof Reflect.get(monitor, name) === 'function',
  )
}

function plainMonitor(): CacheMonitor & { readonly calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    observeOperation: (operation, outcome) => void calls.push(`${operation} ${outcome}`),
    observeKeyGeneration: () => void calls.push('key'),
    observeCompression: () => void calls.push('compression'),
    observeInvalidation: () => void calls.push('invalidation'),
  }
}

const COMBINATIONS: [string, (monitor: CachePerformanceMonitor) => PerformanceMonitor][] = [
  ['as the first', (monitor) => combineMonitors(monitor, new OpenTelemetryMonitor())],
  ['as the last', (monitor) => combineMonitors(new OpenTelemetryMonitor(), monitor)],
  ['alone', (monitor) => combineMonitors(monitor)],
  [
    'among three',
    (monitor) => combineMonitors(plainMonitor(), new OpenTelemetryMonitor(), monitor),
  ],
  [
    'in a combination of combinations',
    (monitor) => combineMonitors(plainMonitor(), combineMonitors(plainMonitor(), monitor)),
  ],
]

describe.each(COMBINATIONS)('a CachePerformanceMonitor %s', (_place, combine) => {
  test('keeps every method', () => {
    const monitor = new CachePerformanceMonitor({ name: 'answers', clock: new ManualClock() })
    const combined = combine(monitor)
    const methods = methodsOf(monitor)
    expect(methods).toContain('getInvalidationFrequencyStats')
    for (const method of methods) expect(combined).toHaveProperty(method, expect.any(Function))
    combined.observeOperation('get', 'hit', 'memory', 1)
    combined.recordCacheOperationTime({ operation: 'get', duration: 1, cacheHit: true })
    combined.recordMemoryUsage({ memoryCacheBytes: 2 ** 30, memoryCacheEntries: 1 })
    combined.recordInvalidationEvent({ pattern: '*', keysInvalidated: 1, duration: 1 })
    expect(combined.getPerformanceStats().cacheHits).toBe(2)
    expect(combined.getMemoryWarnings()).toMatchObject([{ severity: 'critical' }])
    expect(combined.getInvalidationFrequencyStats().totalInvalidations).toBe(1)
    expect(combined.exportMetrics()).toEqual(monitor.exportMetrics())
    combined.resetStats()
    expect(monitor.getPerformanceStats().cacheHits).toBe(0)
    combined.close()
  })
})

test('each monitor is called once, however often it is combined', () => {
  const plain = plainMonitor()
  const inner = combineMonitors(plain, plain)
  combineMonitors(plain, inner, combineMonitors(inner, plain)).observeInvalidation(1, 1)
  expect(plain.calls).toEqual(['invalidation'])
})

test('two CachePerformanceMonitors both count recorded operations', () => {
  const [one, other] = [new CachePerformanceMonitor(), new CachePerformanceMonitor()]
  const combined = combineMonitors(one, other)
  combined.recordKeyGenerationTime({ duration: 1, textLength: 1 })
  combined.sample()
  for (const monitor of [one, other]) {
    expect(monitor.getPerformanceStats().keyGeneration?.totalOperations).toBe(1)
  }
})

test('a combination has the fields, getters, setters and inherited methods of its monitors', () => {
  class Base {
    observeOperation(): void {}
    observeKeyGeneration(): void {}
    observeCompression(): void {}
    observeInvalidation(): void {}
    report(greeting: string): string {
      return `${greeting} ${this.title}`
    }
    get title(): string {
      return 'base'
    }
  }
  class Derived extends Base {
    readonly #secret = 'derived'
    count = 1
    override get title(): string {
      return this.#secret
    }
  }
  const derived = new Derived()
  const combined = combineMonitors(new OpenTelemetryMonitor({ name: 'otel' }), derived)
  derived.count = 2
  expect([combined.title, combined.count, combined.report('a'), combined.name]).toEqual([
    'derived',
    2,
    'a derived',
    'otel',
  ])
})

test('a monitor that fails is reported once, and the others get every call', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error): number => warnings.push(warning)
  process.on('warning', listen)
  const fail = (): never => {
    throw new Error('s3cret')
  }
  const throwing = {
    observeOperation: fail,
    observeKeyGeneration: fail,
    observeCompression: fail,
    observeInvalidation: fail,
    close: () => Promise.reject(new Error('s3cret')),
  }
  const plain = plainMonitor()
  const combined = combineMonitors(throwing, plain, new CachePerformanceMonitor())
  const cache = new InMemoryCache({ performanceMonitor: combined })
  await cache.set('key', 1)
  expect(await cache.get('key')).toBe(1)
  await cache.clear()
  combined.observeKeyGeneration(1, 1, 'qa')
  await combined.close()
  await vi.waitFor(() => expect(warnings).not.toEqual([]))
  await new Promise((resolve) => setTimeout(resolve, 10))
  process.off('warning', listen)
  expect(plain.calls).toEqual(['set ok', 'get hit', 'invalidation', 'key'])
  expect(warnings).toMatchObject([{ code: 'VERBATIM_MONITOR_FAILED' }])
  expect(warnings.join()).not.toContain('s3cret')
})

test('the failure of a monitor is reported to the logger of the cache', async () => {
  const logger = recordingLogger()
  const fail = (): never => {
    throw new Error('s3cret')
  }
  const failing = { ...plainMonitor(), observeOperation: fail }
  const performanceMonitor = combineMonitors(plainMonitor(), combineMonitors(failing))
  const cache = new InMemoryCache({ performanceMonitor, logger })
  await cache.set('key', 1)
  await cache.set('key', 2)
  expect(logger.lines).toEqual([
    expect.stringMatching(/^warn performanceMonitor\.observeOperation failed with Error\./),
  ])
})

test('a method that is replaced later is called', () => {
  const plain = plainMonitor()
  const combined = combineMonitors(plain)
  const replaced = vi.spyOn(plain, 'observeInvalidation')
  combined.observeInvalidation(1, 1)
  expect(replaced).toHaveBeenCalledTimes(1)
})

test('combineMonitors rejects a call without monitors', () => {
  expect(() => combineMonitors()).toThrow('monitors must be at least one cache monitor')
})
