import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findPrometheus, PrometheusServer } from '@verbatim/test-support'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { prometheusRegistry } from '../../src/export/prometheus.js'
import { CachePerformanceMonitor } from '../../src/index.js'
import { busyMonitor } from './busy-monitor.js'

test('a page contains the counts, with labels from fixed sets', async () => {
  const page = await prometheusRegistry(busyMonitor()).metrics()
  for (const line of [
    'verbatim_cache_operations_total{cache="answers",operation="get",outcome="hit",tier="memory"} 60',
    'verbatim_cache_operations_total{cache="answers",operation="get",outcome="miss",tier="redis"} 40',
    'verbatim_cache_operations_total{cache="answers",operation="get",outcome="error",tier="redis"} 1',
    'verbatim_cache_operations_total{cache="answers",operation="delete",outcome="ok",tier="memory"} 1',
    'verbatim_cache_operation_duration_seconds_count{cache="answers",operation="get",tier="redis"} 101',
    'verbatim_cache_operation_duration_seconds_bucket{cache="answers",operation="get",tier="redis",le="0.0005"} 100',
    'verbatim_cache_operation_duration_seconds_bucket{cache="answers",operation="get",tier="redis",le="+Inf"} 101',
    'verbatim_cache_key_generation_duration_seconds_count{cache="answers"} 1',
    'verbatim_cache_compression_bytes_total{cache="answers",stage="before"} 4000',
    'verbatim_cache_compression_bytes_total{cache="answers",stage="after"} 1000',
    'verbatim_cache_invalidations_total{cache="answers"} 1',
    'verbatim_cache_invalidated_keys_total{cache="answers"} 7',
    'verbatim_cache_rejected_records_total{cache="answers"} 1',
    'verbatim_cache_size_bytes{cache="answers",store="redis"} 5000',
    'verbatim_cache_entries{cache="answers",store="memory"} 10',
    'verbatim_cache_alert{cache="answers",name="cache_size",level="WARNING"} 1',
    'verbatim_cache_responses_total{cache="answers",operation="summarize",model="small",outcome="hit"} 1',
    'verbatim_cache_responses_total{cache="answers",operation="qa",model="",outcome="miss"} 1',
  ]) {
    expect(page.split('\n')).toContain(line)
  }
})

test('all figures of a page are of one moment', async () => {
  const monitor = busyMonitor()
  const exports = vi.spyOn(monitor, 'exportMetrics')
  const registry = prometheusRegistry(monitor)
  await registry.metrics()
  expect(exports).toHaveBeenCalledTimes(1)
  monitor.observeInvalidation(1, 1)
  expect(await registry.metrics()).toContain(
    'verbatim_cache_invalidations_total{cache="answers"} 2',
  )
})

test('the registries of two monitors are independent', async () => {
  const one = prometheusRegistry(new CachePerformanceMonitor({ name: 'sessions' }))
  const other = prometheusRegistry(busyMonitor())
  const [ofOne, ofOther] = await Promise.all([one.metrics(), other.metrics()])
  expect(ofOne).toContain('verbatim_cache_invalidations_total{cache="sessions"} 0')
  expect(ofOne).not.toContain('answers')
  expect(ofOther).toContain('verbatim_cache_invalidations_total{cache="answers"} 1')
  expect(ofOther).not.toContain('sessions')
})

test('the page leaves out figures that were not measured', async () => {
  const monitor = new CachePerformanceMonitor()
  const page = await prometheusRegistry(monitor).metrics()
  expect(page).not.toMatch(/^verbatim_cache_(size_bytes|entries)/m)
  monitor.recordMemoryUsage({ memoryCacheBytes: 0, memoryCacheEntries: 0 })
  const later = await prometheusRegistry(monitor).metrics()
  expect(later).toMatch(/^verbatim_cache_size_bytes\{cache="[^"]+",store="memory"\} 0$/m)
  expect(later).not.toContain('store="redis"')
})

const prometheus = await findPrometheus()

describe.skipIf(prometheus === undefined)('a real Prometheus', () => {
  let scraped: PrometheusServer
  beforeAll(async () => {
    const registry = prometheusRegistry(busyMonitor())
    const web = createServer((_request, response) => {
      response.setHeader('content-type', registry.contentType)
      registry.metrics().then(
        (page) => response.end(page),
        () => response.destroy(),
      )
    }).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const { port } = web.address() as AddressInfo
    scraped = await PrometheusServer.start(prometheus ?? '', `127.0.0.1:${port}`)
    await scraped.scrapedOnce()
    return async () => {
      await scraped[Symbol.asyncDispose]()
      web.close()
    }
  }, 60_000)

  test.each<[query: string, value: number]>([
    ['sum(verbatim_cache_operations_total)', 163],
    [
      'sum(verbatim_cache_operations_total{operation="get",outcome="hit"}) / sum(verbatim_cache_operations_total{operation="get",outcome=~"hit|miss"})',
      0.75,
    ],
    ['verbatim_cache_operation_duration_seconds_count{operation="get",tier="memory"}', 60],
    ['count(verbatim_cache_alert)', 1],
    ['sum(verbatim_cache_size_bytes)', 6_000],
  ])('returns the result of %s', async (query, value) => {
    expect(await scraped.query(query)).toMatchObject([{ value }])
  })

  test('returns percentiles between the bounds of their buckets', async () => {
    const [median] = await scraped.query(
      'histogram_quantile(0.5, verbatim_cache_operation_duration_seconds_bucket{operation="get",tier="redis"})',
    )
    expect(median?.value).toBeGreaterThan(0.00025)
    expect(median?.value).toBeLessThanOrEqual(0.0005)
  })

  test('accepts every query of the dashboard', async () => {
    const file = new URL('../../grafana/dashboard.json', import.meta.url)
    for (const query of queriesOf(await readFile(file, 'utf8'))) {
      const expression = query
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$instance', '.*')
        .replaceAll('$cache', '.*')
      await expect(scraped.query(expression)).resolves.toBeInstanceOf(Array)
    }
  })

  test('reports no problem of the page by its own check', async () => {
    const { spawn } = await import('node:child_process')
    const promtool = (prometheus ?? '').replace(/prometheus$/, 'promtool')
    const check = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [check.stdout, check.stderr]) stream.on('data', (text) => (said += text))
    check.stdin.end(await prometheusRegistry(busyMonitor()).metrics())
    const [code] = await once(check, 'close')
    expect([code, said]).toEqual([0, ''])
  })
})

describe('the dashboard', async () => {
  const dashboard = await readFile(new URL('../../grafana/dashboard.json', import.meta.url), 'utf8')

  test('queries exactly the exported metrics', async () => {
    const page = await prometheusRegistry(busyMonitor()).metrics()
    const exported = new Set(
      Array.from(page.matchAll(/^(verbatim_cache_\w+)[ {]/gm), ([, name]) => name),
    )
    const asked = new Set(
      [...queriesOf(dashboard), variablesOf(dashboard)].flatMap((query) =>
        Array.from(query.matchAll(/verbatim_cache_\w+/g), ([name]) => name),
      ),
    )
    for (const name of asked) expect(exported).toContain(name)
    const unasked = Array.from(exported, (name) => name?.replace(/_(sum|count)$/, '_bucket'))
    for (const name of unasked) expect(asked).toContain(name)
  })

  test('can be imported without changes', () => {
    const { panels, templating, uid, title, schemaVersion } = JSON.parse(dashboard)
    expect([uid, title, schemaVersion]).toEqual(['verbatim-cache', 'Verbatim cache', 39])
    // It asks for no data source when it is imported: the reader picks one on the page.
    expect(dashboard).not.toContain('__inputs')
    expect(templating.list[0]).toMatchObject({ type: 'datasource', query: 'prometheus' })
    const ids = panels.map(({ id }: { id: number }) => id)
    expect(new Set(ids).size).toBe(panels.length)
    for (const { targets, gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (const target of targets) expect(target.datasource.uid).toBe('${datasource}')
    }
  })
})

function queriesOf(dashboard: string): string[] {
  const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] }
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
}

function variablesOf(dashboard: string): string {
  return JSON.stringify((JSON.parse(dashboard) as { templating: unknown }).templating)
}
