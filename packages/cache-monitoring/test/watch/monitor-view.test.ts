import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { prometheusRegistry } from '../../src/export/prometheus.js'
import { CachePerformanceMonitor } from '../../src/index.js'
import { bar, formatBytes, formatCount, formatSeconds, sparkline } from '../../src/watch/drawing.js'
import { MonitorView } from '../../src/watch/monitor-view.js'
import { readExport, readPrometheus } from '../../src/watch/read-page.js'
import { mergeReadings, percentileOf, type Reading } from '../../src/watch/reading.js'
import { busyMonitor } from '../export/busy-monitor.js'

type Read = (monitor: CachePerformanceMonitor, takenAt: number) => Promise<Reading>

const SOURCES: [string, Read][] = [
  [
    'an export',
    async (monitor, takenAt) =>
      readExport(JSON.parse(JSON.stringify(monitor.exportMetrics())), takenAt),
  ],
  [
    'a Prometheus page',
    async (monitor, takenAt) =>
      readPrometheus(
        `# others may write here too\nnodejs_heap{space="a b"} 12\n${await prometheusRegistry(monitor).metrics()}`,
        takenAt,
      ),
  ],
]

describe.each(SOURCES)('%s', (_source, read) => {
  test('contains the counts of a monitor', async () => {
    const reading = await read(busyMonitor(), 5)
    expect(reading).toMatchObject({
      takenAt: 5,
      hits: 120,
      misses: 40,
      errors: 1,
      operations: 163,
      memory: { bytes: 6_000, entries: 60 },
      alerts: [{ name: 'cache_size', level: 'WARNING' }],
    })
    const redis = reading.latencies.find(
      ({ operation, tier }) => operation === 'get' && tier === 'redis',
    )
    expect(redis?.count).toBe(101)
    const median = redis && percentileOf(redis, 50)
    expect(median).toBeGreaterThanOrEqual(0.0003)
    expect(median).toBeLessThanOrEqual(0.0005)
  })

  test('contains zeros and no latencies for an unused monitor', async () => {
    const reading = await read(new CachePerformanceMonitor(), 1)
    expect(reading).toMatchObject({ hits: 0, operations: 0, latencies: [], alerts: [] })
    expect(reading.memory).toBeUndefined()
  })

  test('is drawn as a whole first, and then by what came after it', async () => {
    const monitor = busyMonitor()
    const view = new MonitorView({ title: 'the cache', colors: false })
    const first = view.draw(await read(monitor, 1_000))
    expect(first).toContain('the cache')
    expect(first).toContain('load    not known before the next reading')
    expect(first).toMatch(/hits +75\.0 % +█{15}░{5} +75\.0 % ever/)
    expect(first).toMatch(/memory +5\.9 KB +in 60 entries/)
    expect(first).toMatch(/get +redis +101/)
    expect(first).toContain('WARNING   cache_size')
    for (let count = 0; count < 100; count++) {
      monitor.observeOperation('get', 'miss', 'redis', 1_500)
      monitor.observeOperation('get', 'error', 'redis', undefined)
    }
    const second = view.draw(await read(monitor, 3_000))
    expect(second).toMatch(/hits +0\.0 % +░{20} +▁ +46\.2 % ever/)
    expect(second).toMatch(/load +100 \/s +50\.0 % errors/)
    // Of what happened since alone, and no quicker than it was.
    expect(second).toMatch(/get +redis +201 +(1\.5|2\.5) s/)
    const third = view.draw(await read(monitor, 5_000))
    expect(third).toMatch(/load +0 \/s +no operations/)
  })
})

test('the counts of a process that starts again begin at zero', () => {
  const view = new MonitorView({ title: 'the cache', colors: false })
  view.draw(readExport(busyMonitor().exportMetrics(), 1_000))
  const drawn = view.draw(readExport(new CachePerformanceMonitor().exportMetrics(), 2_000))
  expect(drawn).toMatch(/hits +no reads/)
  expect(drawn).toMatch(/load +0 \/s/)
  expect(drawn).toContain('memory  not measured')
  expect(drawn).toContain('nothing was timed yet')
  expect(drawn).toContain('no alerts')
})

test('no line is wider than 80 columns, and the history has a bounded length', () => {
  const view = new MonitorView({ title: 'the cache', colors: false })
  const monitor = busyMonitor()
  for (let second = 1; second <= 100; second++) {
    monitor.observeOperation('get', 'hit', 'memory', 1)
    const lines = view.draw(readExport(monitor.exportMetrics(), second * 1_000)).split('\n')
    const drawn = lines.filter((line) => !line.startsWith('WARNING'))
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(90)
  }
})

test('colours are used only with the option colors', () => {
  const draw = (colors: boolean): string =>
    new MonitorView({ title: 'the cache', colors }).draw(
      readExport(busyMonitor().exportMetrics(), 1),
    )
  expect(draw(true)).toContain('\u001B[')
  expect(draw(false)).not.toContain('\u001B[')
})

test('bars and sparklines scale with their values', () => {
  expect(bar(0.5, 4)).toBe('██░░')
  expect(bar(2, 2)).toBe('██')
  expect(bar(-1, 2)).toBe('░░')
  expect(sparkline([0, 50, undefined, 100], 100)).toBe('▁▅ █')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([])).toBe('')
})

describe('a reading from a program', () => {
  const view = (): MonitorView => new MonitorView({ title: 'a\u001B[31m', colors: false })
  const reading = readExport(busyMonitor().exportMetrics(), 1)

  test.each<[string, unknown]>([
    ['reading', null],
    ['reading', 'text'],
    ['reading.takenAt', { ...reading, takenAt: Number.NaN }],
    ['reading.misses', { ...reading, misses: -1 }],
    ['reading.memory', { ...reading, memory: 5 }],
    ['reading.memory.bytes', { ...reading, memory: { bytes: '5', entries: 1 } }],
    ['reading.latencies', { ...reading, latencies: undefined }],
    ['reading.latencies[0].tier', { ...reading, latencies: [{ operation: 'get' }] }],
    [
      'reading.latencies[0].buckets[0]',
      {
        ...reading,
        latencies: [{ operation: 'get', tier: 'redis', count: 1, buckets: [[1, -1]] }],
      },
    ],
    ['reading.alerts[0]', { ...reading, alerts: [null] }],
    ['reading.instances', { ...reading, instances: { a: reading } }],
    ['reading.instances[0].hits', { ...reading, instances: new Map([['a', { hits: 'b' }]]) }],
  ])('is rejected when %s is wrong', (place, bad) => {
    const attempt = (): string => view().draw(bad as Reading)
    expect(attempt).toThrow(ValidationError)
    expect(attempt).toThrow(`${place} must be `)
    expect(() => mergeReadings(new Map([['a', bad as Reading]]))).toThrow(ValidationError)
  })

  test.each([undefined, null, 'x', [null], {}, new Set()])('mergeReadings rejects %j', (bad) => {
    expect(() => mergeReadings(bad as never)).toThrow(ValidationError)
    expect(() => mergeReadings(bad as never)).toThrow('readings must be a Map of readings by name')
  })

  test('is drawn without control characters', () => {
    const text = 'a\u001B[2J\r\u009B\u2028'
    const drawn = view().draw({
      ...reading,
      latencies: [{ operation: text, tier: text, count: 1, buckets: [[1, 1]] }],
      alerts: [{ name: text, level: text, message: text }],
    })
    expect(drawn.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028]/u)
    expect(drawn).toMatch(/^a\[31m\n/)
  })

  test.each([{ title: 5 }, { title: 'a', colors: 'yes' }, {}])(
    'MonitorView rejects the options %j',
    (options) => {
      expect(() => new MonitorView(options as never)).toThrow(ConfigurationError)
    },
  )

  test('ignores impossible figures of a page', () => {
    const page = ['hit"} 5', 'miss"} -1', 'error"} +Inf', 'ok"} 2e999']
      .map((sample) => `verbatim_cache_operations_total{operation="get",outcome="${sample}`)
      .join('\n')
    expect(readPrometheus(page, 7)).toMatchObject({ takenAt: 7, hits: 5, misses: 0, operations: 5 })
    expect(readPrometheus('verbatim_cache_', 7)).toMatchObject({ takenAt: 7, operations: 0 })
  })
})

test('durations, bytes and counts are formatted with units', () => {
  expect([5e-7, 2.5e-6, 1.25e-4, 0.0015, 0.25, 1.5, Infinity].map(formatSeconds)).toEqual([
    '500 ns',
    '2.5 µs',
    '125 µs',
    '1.5 ms',
    '250 ms',
    '1.5 s',
    'more',
  ])
  expect([0, 512, 1_024, 1_536, 52_428_800].map(formatBytes)).toEqual([
    '0 B',
    '512 B',
    '1 KB',
    '1.5 KB',
    '50 MB',
  ])
  expect(formatCount(1_234.6)).toBe('1,235')
})
