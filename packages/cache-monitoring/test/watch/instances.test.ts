import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { prometheusRegistry } from '../../src/export/prometheus.js'
import { CachePerformanceMonitor } from '../../src/index.js'
import { MonitorView } from '../../src/watch/monitor-view.js'
import { readExport, readPrometheus } from '../../src/watch/read-page.js'
import { mergeReadings, percentileOf, type Reading } from '../../src/watch/reading.js'

/** Monitors by the name of their process. */
type Instances = Readonly<Record<string, CachePerformanceMonitor>>

/** Reads the metrics of processes, as a list of exports and as one page for Prometheus. */
const SOURCES: [string, (instances: Instances, takenAt: number) => Promise<Reading>][] = [
  [
    'a list of exports',
    async (instances, takenAt) =>
      mergeReadings(
        new Map(
          Object.entries(instances).map(([pod, monitor]) => [
            pod,
            readExport([JSON.parse(JSON.stringify(monitor.exportMetrics()))], takenAt),
          ]),
        ),
      ),
  ],
  [
    'a federated Prometheus page',
    async (instances, takenAt) => {
      const pages = await Promise.all(
        Object.entries(instances).map(async ([pod, monitor]) => {
          const page = await prometheusRegistry(monitor).metrics()
          return page.replaceAll('{cache="', `{pod="${pod}",cache="`)
        }),
      )
      return readPrometheus(pages.join(''), takenAt)
    },
  ],
]

function count(
  monitor: CachePerformanceMonitor,
  outcome: 'hit' | 'miss' | 'error',
  times: number,
  milliseconds?: number,
): void {
  for (let done = 0; done < times; done++) {
    monitor.observeOperation('get', outcome, 'redis', milliseconds)
  }
}

const line = (drawn: string, start: string): string =>
  drawn.split('\n').find((each) => each.startsWith(start)) ?? ''

describe.each(SOURCES)('%s', (_source, read) => {
  const start = (): CachePerformanceMonitor => new CachePerformanceMonitor({ name: 'answers' })

  test('adds up counters, and computes rates and percentiles of all operations', async () => {
    const [one, other] = [start(), start()]
    count(one, 'hit', 90, 1)
    count(one, 'miss', 10, 1)
    count(other, 'miss', 300, 100)
    one.recordMemoryUsage({ memoryCacheBytes: 1_000, memoryCacheEntries: 1 })
    other.recordMemoryUsage({ memoryCacheBytes: 2_000, memoryCacheEntries: 2 })
    const reading = await read({ a: one, b: other }, 1_000)
    expect(reading).toMatchObject({
      ...{ hits: 90, misses: 310, operations: 400 },
      memory: { bytes: 3_000, entries: 3 },
    })
    const [latencies, ...others] = reading.latencies
    expect(others).toEqual([])
    expect(latencies?.count).toBe(400)
    // A quarter took 1 ms: means of percentiles would say 50 ms.
    expect(latencies && percentileOf(latencies, 20)).toBeLessThan(0.003)
    expect(latencies && percentileOf(latencies, 50)).toBeGreaterThan(0.09)
    const drawn = new MonitorView({ title: 'all', colors: false }).draw(reading)
    expect(line(drawn, 'hits')).toMatch(/22\.5 %/)
    expect(drawn.match(/^get /gm)).toHaveLength(1)
  })

  test('counts the operations of a restarted instance from zero', async () => {
    const [one, other] = [start(), start()]
    const view = new MonitorView({ title: 'all', colors: false })
    count(one, 'hit', 1_000)
    count(other, 'hit', 100)
    view.draw(await read({ a: one, b: other }, 1_000))
    // All counts together have grown, though one process has begun again.
    const restarted = start()
    count(restarted, 'hit', 4)
    count(restarted, 'error', 4)
    count(one, 'miss', 200)
    const drawn = view.draw(await read({ a: one, b: restarted }, 2_000))
    expect(line(drawn, 'hits')).toMatch(/^hits +2\.0 %/)
    expect(line(drawn, 'load')).toMatch(/208 \/s +1\.9 % errors/)
  })

  test('adds the operations of a missing instance when it returns', async () => {
    const [one, other] = [start(), start()]
    const view = new MonitorView({ title: 'all', colors: false })
    count(one, 'hit', 10)
    count(other, 'hit', 5_000)
    view.draw(await read({ a: one, b: other }, 1_000))
    count(one, 'hit', 10)
    count(other, 'miss', 30)
    const without = view.draw(await read({ a: one }, 2_000))
    expect(line(without, 'load')).toMatch(/ 10 \/s/)
    const back = view.draw(await read({ a: one, b: other }, 3_000))
    expect(line(back, 'load')).toMatch(/ 30 \/s/)
    expect(line(back, 'hits')).toMatch(/^hits +0\.0 %/)
  })

  test('leaves the earlier operations of a new instance out of the interval', async () => {
    const [one, other] = [start(), start()]
    const view = new MonitorView({ title: 'all', colors: false })
    count(one, 'hit', 10)
    count(other, 'hit', 5_000)
    view.draw(await read({ a: one }, 1_000))
    const drawn = view.draw(await read({ a: one, b: other }, 2_000))
    expect(line(drawn, 'load')).toMatch(/ 0 \/s +no operations/)
    expect(drawn).toContain('100.0 % ever')
  })

  test('counts the first operations of an instance without earlier ones', async () => {
    const [one, other] = [start(), start()]
    const view = new MonitorView({ title: 'all', colors: false })
    count(one, 'hit', 1)
    view.draw(await read({ a: one, b: other }, 1_000))
    count(other, 'hit', 7)
    const drawn = view.draw(await read({ a: one, b: other }, 2_000))
    expect(line(drawn, 'load')).toMatch(/ 7 \/s/)
  })

  test('names the instance of each alert', async () => {
    const monitors = ['a', 'b'].map((pod): [string, CachePerformanceMonitor] => {
      const monitor = new CachePerformanceMonitor({ name: pod, memoryWarningThresholdBytes: 1 })
      monitor.recordMemoryUsage({ memoryCacheBytes: 2, memoryCacheEntries: 1 })
      return [pod, monitor]
    })
    const { alerts } = await read(Object.fromEntries(monitors), 1_000)
    expect(alerts).toMatchObject([{ name: 'cache_size' }, { name: 'cache_size' }])
  })
})

test('two caches on one page are added up', async () => {
  const monitors = ['answers', 'sessions'].map((name) => new CachePerformanceMonitor({ name }))
  for (const [index, monitor] of monitors.entries()) count(monitor, 'hit', 10, 10 ** index)
  const page = await Registry.merge(monitors.map((each) => prometheusRegistry(each))).metrics()
  const reading = readPrometheus(page, 1)
  expect(reading).toMatchObject({ hits: 20, latencies: [{ operation: 'get', count: 20 }] })
  expect([...(reading.instances?.keys() ?? [])]).toEqual(['cache=answers', 'cache=sessions'])
})

test('pages with different bucket bounds are added up', () => {
  const metric = 'verbatim_cache_operation_duration_seconds'
  const page = (pod: string, bounds: readonly string[]): string => {
    const labels = `pod="${pod}",operation="get",tier="redis"`
    const buckets = bounds.map(
      (le, index) => `${metric}_bucket{${labels},le="${le}"} ${(index + 1) * 10}`,
    )
    return `${buckets.join('\n')}\n${metric}_count{${labels}} ${bounds.length * 10}\n`
  }
  const both = page('a', ['0.1', '1', '+Inf']) + page('b', ['0.5', '+Inf'])
  const [latencies] = readPrometheus(both, 1).latencies
  expect(latencies?.count).toBe(50)
  expect(latencies?.buckets).toEqual([
    [0.1, 10],
    [0.5, 20],
    [1, 30],
    [Infinity, 50],
  ])
})

test('a list of exports is read, and an empty list is rejected', () => {
  const monitors = ['a', 'b'].map((name) => new CachePerformanceMonitor({ name }))
  for (const monitor of monitors) count(monitor, 'miss', 3)
  const exports = monitors.map((monitor) => monitor.exportMetrics())
  expect(readExport(exports, 1)).toMatchObject({ misses: 6 })
  expect(() => readExport([], 1)).toThrow('the list of exports is empty')
})

test('MonitorView rejects unknown options', () => {
  expect(() => new MonitorView({ title: 'all', color: false } as never)).toThrow(
    'Did you mean colors?',
  )
})
