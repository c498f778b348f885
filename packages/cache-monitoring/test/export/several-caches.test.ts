import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { prometheusRegistry } from '../../src/export/prometheus.js'
import { CachePerformanceMonitor, combineMonitors } from '../../src/index.js'

/** Returns a monitor that has counted invalidations. */
function monitorWith(name: string | undefined, invalidations: number): CachePerformanceMonitor {
  const monitor = new CachePerformanceMonitor({ name })
  for (let count = 0; count < invalidations; count++) monitor.observeInvalidation(1, 1)
  return monitor
}

/** Returns the samples of a metric on a page, by the label `cache`. */
function byCache(page: string, metric: string): Record<string, number> {
  const samples = page.matchAll(new RegExp(`^${metric}\\{cache="([^"]+)".*\\} (\\S+)$`, 'gm'))
  return Object.fromEntries(Array.from(samples, ([, cache, value]) => [cache, Number(value)]))
}

const invalidations = (page: string): Record<string, number> =>
  byCache(page, 'verbatim_cache_invalidations_total')

/** Checks that each metric is described once, as Prometheus demands. */
function expectOneFamilyEach(page: string): void {
  const types = Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name)
  expect(new Set(types).size).toBe(types.length)
}

describe('several caches on one page', () => {
  test('have different labels cache in one registry', async () => {
    const registry = prometheusRegistry(monitorWith('answers', 1), monitorWith('sessions', 2))
    const page = await registry.metrics()
    expect(invalidations(page)).toEqual({ answers: 1, sessions: 2 })
    expectOneFamilyEach(page)
  })

  test('have different labels cache in merged registries', async () => {
    const others = new Registry()
    collectDefaultMetrics({ register: others })
    const merged = Registry.merge([
      others,
      prometheusRegistry(monitorWith('answers', 1)),
      prometheusRegistry(monitorWith('sessions', 2), monitorWith('drafts', 3)),
    ])
    const page = await merged.metrics()
    expect(invalidations(page)).toEqual({ answers: 1, sessions: 2, drafts: 3 })
    expect(page).toContain('nodejs_version_info')
    expectOneFamilyEach(page)
  })

  test('appear in their own merge only, and each registry keeps its own page', async () => {
    const [answers, sessions] = [monitorWith('answers', 1), monitorWith('sessions', 2)]
    const [ofAnswers, ofSessions] = [prometheusRegistry(answers), prometheusRegistry(sessions)]
    const both = Registry.merge([ofAnswers, ofSessions])
    const again = Registry.merge([prometheusRegistry(monitorWith('answers', 5)), ofSessions])
    expect(invalidations(await both.metrics())).toEqual({ answers: 1, sessions: 2 })
    expect(invalidations(await again.metrics())).toEqual({ answers: 5, sessions: 2 })
    expect(invalidations(await ofAnswers.metrics())).toEqual({ answers: 1 })
    answers.observeInvalidation(1, 1)
    expect(invalidations(await both.metrics())).toEqual({ answers: 2, sessions: 2 })
  })

  test('are correct when pages are scraped at the same time', async () => {
    const monitors = ['a', 'b', 'c'].map((name, index) => monitorWith(name, index + 1))
    const [a, b, c] = monitors.map((monitor) => prometheusRegistry(monitor))
    const merged = Registry.merge([a, b, c] as Registry[])
    const scrapes = [merged, a, merged, b, merged, a, b, merged] as Registry[]
    const pages = await Promise.all(scrapes.map((registry) => registry.metrics()))
    for (const [index, page] of pages.entries()) {
      const all = { a: 1, b: 2, c: 3 }
      const own = scrapes[index] === a ? { a: 1 } : { b: 2 }
      expect(invalidations(page)).toEqual(scrapes[index] === merged ? all : own)
      expectOneFamilyEach(page)
    }
  })

  test('are correct as JSON and in the OpenMetrics format', async () => {
    const merged = Registry.merge([
      prometheusRegistry(monitorWith('answers', 1)),
      prometheusRegistry(monitorWith('sessions', 2)),
    ])
    const metrics = await merged.getMetricsAsJSON()
    const counted = metrics.find(({ name }) => name === 'verbatim_cache_invalidations_total')
    expect(counted?.values).toMatchObject([
      { labels: { cache: 'answers' }, value: 1 },
      { labels: { cache: 'sessions' }, value: 2 },
    ])
    const open = prometheusRegistry(monitorWith('answers', 1))
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    for (let scrape = 0; scrape < 2; scrape++) {
      expect(await open.metrics()).toContain(
        'verbatim_cache_invalidations_total{cache="answers"} 1',
      )
    }
  })
})

describe('names', () => {
  test('of two monitors on one page must differ, also in merged registries', () => {
    const build = (): unknown => prometheusRegistry(monitorWith('a', 1), monitorWith('a', 2))
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow('name must be different for each monitor of a page')
    const merge = (): unknown =>
      Registry.merge([
        prometheusRegistry(monitorWith('a', 1)),
        prometheusRegistry(monitorWith('a', 1)),
      ])
    expect(merge).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }))
  })

  test('are numbers for monitors without a name', async () => {
    const page = await prometheusRegistry(
      monitorWith(undefined, 1),
      monitorWith(undefined, 2),
    ).metrics()
    const names = Object.keys(invalidations(page))
    expect(names).toHaveLength(2)
    for (const name of names) expect(name).toMatch(/^cache-\d+$/)
  })

  test('appear once for a monitor that is passed twice', async () => {
    const monitor = monitorWith('answers', 3)
    const twice = Registry.merge([
      prometheusRegistry(monitor, monitor),
      prometheusRegistry(monitor),
    ])
    expect(invalidations(await twice.metrics())).toEqual({ answers: 3 })
  })

  test('are escaped on the page', async () => {
    const monitor = monitorWith('a "quoted" name\\', 1)
    expect(await prometheusRegistry(monitor).metrics()).toContain(
      'verbatim_cache_invalidations_total{cache="a \\"quoted\\" name\\\\"} 1',
    )
  })

  test.each([[''], ['x'.repeat(65)], [7], [null], ['\ud800'], ['a\nb'], [' ']])(
    'cannot be %o',
    (name) => {
      expect(() => new CachePerformanceMonitor({ name: name as never })).toThrow(ConfigurationError)
    },
  )
})

test('a combination of monitors has the name of the first on a page', async () => {
  const [one, other] = [monitorWith('answers', 0), monitorWith('copy', 0)]
  const combined = combineMonitors(one, other)
  await new InMemoryCache({ performanceMonitor: combined }).clear()
  expect(invalidations(await prometheusRegistry(combined).metrics())).toEqual({ answers: 1 })
})

test('prometheusRegistry rejects anything but a monitor', () => {
  for (const bad of [undefined, null, {}, 'monitor', [new CachePerformanceMonitor()]]) {
    expect(() => prometheusRegistry(bad as never)).toThrow(ValidationError)
  }
  expect(() => prometheusRegistry()).toThrow('monitors must be at least one monitor')
})

describe('labels of AI responses', () => {
  test('are from bounded sets, and never contain the text of a user', async () => {
    const monitor = new CachePerformanceMonitor({ name: 'answers' })
    const question = 'Is the contract of 12 May binding, and does my landlord know?'
    monitor.observeResponse(question, 'key sk-1234 5678', 'hit', 1)
    monitor.observeResponse('qa', Symbol('model') as never, 'hit', 1)
    for (let count = 0; count < 2_000; count++) {
      monitor.observeResponse(`operation-${count}`, `model-${count}`, 'miss', 1)
    }
    const page = await prometheusRegistry(monitor).metrics()
    const lines = page
      .split('\n')
      .filter((line) => line.startsWith('verbatim_cache_responses_total{'))
    expect(lines.length).toBeLessThanOrEqual(502)
    for (const label of ['operation', 'model']) {
      const values = lines.map((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1])
      expect(new Set(values).size).toBeLessThanOrEqual(101)
      expect(values).toContain('other')
    }
    for (const secret of ['contract', 'landlord', 'sk-1234']) expect(page).not.toContain(secret)
    const counted = lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    expect(counted).toBe(2_002)
  })

  test.each([
    [null, 1],
    [5, 1],
    [{}, 1],
    ['qa', Number.NaN],
    ['qa', -1],
    ['qa', Number.POSITIVE_INFINITY],
    ['qa', undefined],
    ['qa', '1'],
  ])(
    'of the operation %j with the duration %j are rejected and counted',
    (operation, milliseconds) => {
      const monitor = new CachePerformanceMonitor()
      monitor.observeResponse(operation as string, 'small', 'hit', milliseconds as number)
      expect(monitor.getPerformanceStats()).toMatchObject({ rejectedRecords: 1 })
      expect(monitor.getPerformanceStats()).not.toHaveProperty('responses')
    },
  )

  test('count joined lookups, which do not change the hit rate', () => {
    const monitor = new CachePerformanceMonitor()
    for (const outcome of ['hit', 'miss', 'joined', 'joined', 'stored'] as const) {
      monitor.observeResponse('qa', 'small', outcome, 1)
    }
    expect(monitor.getPerformanceStats().responses).toEqual([
      {
        ...{ operation: 'qa', model: 'small', hits: 1, misses: 1, joined: 2, errors: 0 },
        ...{ stored: 1, failed: 0, hitRate: 50 },
      },
    ])
  })

  test('with an unknown outcome are rejected and counted', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeResponse('qa', 'small', 'maybe' as 'hit', 1)
    expect(monitor.getPerformanceStats()).toMatchObject({ rejectedRecords: 1 })
    expect(monitor.getPerformanceStats()).not.toHaveProperty('responses')
  })
})
