import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

/** Returns additional data as an export contains them, after JSON. */
function exported(additionalData: unknown): unknown {
  const monitor = new CachePerformanceMonitor()
  monitor.recordCacheOperationTime({
    operation: 'get',
    duration: 1,
    cacheHit: true,
    additionalData: additionalData as never,
  })
  const metrics = monitor.exportMetrics()
  const parsed = JSON.parse(JSON.stringify(metrics))
  expect(parsed).toEqual(metrics)
  expect(parsed.cache_operation_times).toHaveLength(1)
  expect(monitor.getPerformanceStats().rejectedRecords).toBe(0)
  return parsed.cache_operation_times[0].additional_data
}

const fail = (): never => {
  throw new Error('broken')
}
const circular: Record<string, unknown> = { name: 'loop' }
circular['itself'] = circular
const shared = { a: 1 }

test.each<[what: string, data: unknown, held: unknown]>([
  ['nothing', undefined, {}],
  ['null', null, {}],
  ['flat data', { a: 'text', b: 1.5, c: true, d: null }, { a: 'text', b: 1.5, c: true, d: null }],
  ['a cycle', circular, { name: 'loop', itself: '[circular]' }],
  ['data that is named twice', { one: shared, two: shared }, { one: { a: 1 }, two: { a: 1 } }],
  [
    'bigints',
    { a: 12n, b: -(2n ** 70n), c: 2n ** 5_000n },
    { a: '12', b: `-${2n ** 70n}`, c: '[bigint]' },
  ],
  ['functions and symbols', { a: () => 1, b: Symbol('s') }, { a: '[function]', b: '[symbol]' }],
  ['undefined', { a: undefined }, { a: '[undefined]' }],
  [
    'numbers that JSON does not have',
    { a: Number.NaN, b: Infinity, c: -0 },
    { a: null, b: null, c: 0 },
  ],
  [
    'a getter that throws',
    {
      get a() {
        return fail()
      },
      b: 1,
    },
    { a: '[unreadable]', b: 1 },
  ],
  ['a toJSON that throws', { toJSON: fail, b: 1 }, { toJSON: '[function]', b: 1 }],
  ['a nested toJSON that throws', { a: { toJSON: fail } }, { a: { toJSON: '[function]' } }],
  [
    'a map and a set',
    {
      a: new Map<unknown, unknown>([
        ['k', 1],
        [2, 'v'],
        [{}, 3],
      ]),
      b: new Set([1]),
    },
    { a: { k: 1, 2: 'v', '[object]': 3 }, b: [1] },
  ],
  [
    'dates',
    { a: new Date(0), b: new Date(Number.NaN) },
    { a: '1970-01-01T00:00:00.000Z', b: null },
  ],
  ['bytes', { a: new Uint8Array(3), b: new ArrayBuffer(4) }, { a: '[3 bytes]', b: '[4 bytes]' }],
  ['an error', { a: new TypeError('wrong') }, { a: 'TypeError: wrong' }],
  [
    'a proxy that throws',
    { a: new Proxy({}, { ownKeys: fail, getPrototypeOf: fail, get: fail }) },
    { a: '[unreadable]' },
  ],
  ['a list, not an object', [1, [2, 'x']], { value: [1, [2, 'x']] }],
  ['a text, not an object', 'text', { value: 'text' }],
  [
    'a name like __proto__',
    JSON.parse('{"__proto__": {"polluted": true}}'),
    JSON.parse('{"__proto__": {"polluted": true}}'),
  ],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  [
    'an object of another realm',
    runInNewContext('({ a: new Date(0), b: [new Map([["k", 1]])] })'),
    { a: '1970-01-01T00:00:00.000Z', b: [{ k: 1 }] },
  ],
  ['half a surrogate pair', { a: '\ud800' }, { a: '\ud800' }],
])('an export can carry %s', (_what, data, held) => {
  expect(exported(data)).toEqual(held)
})

function nested(depth: number): unknown {
  let value: unknown = 'end'
  for (let level = 0; level < depth; level++) value = { deeper: value }
  return value
}

test.each<[what: string, data: unknown]>([
  ['a long text', { text: 'x'.repeat(10_000_000) }],
  [
    'many fields',
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`f${index}`, 1])),
  ],
  [
    'long names',
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}`.padEnd(900, 'n'), 1])),
  ],
  ['a long list', { list: Array.from({ length: 100_000 }, () => 'item') }],
  ['a large set', { set: new Set(Array.from({ length: 100_000 }, (_, index) => index)) }],
  ['deep data', nested(10_000)],
  [
    'wide and deep data',
    { a: Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'x'.repeat(1_000))) },
  ],
])('%s is shortened and marked', (_what, data) => {
  const text = JSON.stringify(exported(data))
  expect(text.length).toBeLessThan(8_000)
  expect(text).toMatch(/…|\[too deep\]/)
})

test('memory stays bounded for any additional data', () => {
  const monitor = new CachePerformanceMonitor({ maxMeasurements: 1_000 })
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 1_000; count++) {
    const text = `${count} ${'x'.repeat(1_000_000)}`
    monitor.recordKeyGenerationTime({
      duration: 1,
      textLength: 1,
      operationType: text,
      additionalData: { start: text.slice(0, 100), text },
    })
  }
  // A part of a text would keep all of its megabyte.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300_000_000)
  expect(monitor.exportMetrics().key_generation_times[0]?.operation_type.length).toBeLessThan(1_100)
})

test('fields that are not texts become empty texts in an export', () => {
  const monitor = new CachePerformanceMonitor()
  for (const bad of [1n, Symbol('s'), {}, null, 7, () => 1] as never[]) {
    monitor.recordKeyGenerationTime({ duration: 1, textLength: 1, operationType: bad })
    monitor.recordCompressionRatio({
      ...{ originalSize: 2, compressedSize: 1, compressionTime: 1 },
      operationType: bad,
    })
    monitor.recordInvalidationEvent({
      ...{ pattern: bad, keysInvalidated: 1, duration: 1 },
      ...{ invalidationType: bad, operationContext: bad },
    })
  }
  const metrics = monitor.exportMetrics()
  expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  expect(metrics.invalidation_events[0]).toMatchObject({ pattern: '', operation_context: '' })
  monitor.getInvalidationFrequencyStats()
  monitor.getRecommendations()
})
