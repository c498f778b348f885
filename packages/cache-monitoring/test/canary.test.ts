import { inspect } from 'node:util'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { expect, test } from 'vitest'
import { prometheusRegistry } from '../src/export/prometheus.js'
import { CachePerformanceMonitor, combineMonitors } from '../src/index.js'
import { MonitorView } from '../src/watch/monitor-view.js'
import { readExport } from '../src/watch/read-page.js'
import { CANARY, useWithCanary } from './export/busy-monitor.js'
import { openTelemetry } from './export/open-telemetry.js'

test('no output contains a key, a value, a tag or an error of a cache', async () => {
  await using redis = await startRedis()
  const telemetry = openTelemetry()
  const monitor = new CachePerformanceMonitor({
    maxMeasurements: 10_000,
    memoryWarningThresholdBytes: 1,
    cacheOperationThreshold: 1e-9,
    invalidationRateWarningPerHour: 1,
  })
  const alerts: unknown[] = []
  monitor.on('alert', (...details) => alerts.push(details))
  const performanceMonitor = combineMonitors(monitor, telemetry.monitor)
  await using redisCache = new GenericRedisCache({ redisUrl: redis.url, performanceMonitor })
  const memoryCache = new InMemoryCache({ performanceMonitor })
  for (let round = 0; round < 20; round++) {
    await useWithCanary(memoryCache)
    await useWithCanary(redisCache)
    await memoryCache.set(`${CANARY}:${round}`, CANARY)
    monitor.sample()
  }
  const outputs = {
    stats: monitor.getPerformanceStats(),
    memory: [monitor.getMemoryUsageStats(), monitor.getMemoryWarnings()],
    invalidation: monitor.getInvalidationFrequencyStats(),
    advice: [monitor.getRecommendations(), monitor.getInvalidationRecommendations()],
    alerts: [alerts, monitor.getAlerts()],
    trends: monitor.getTrends(),
    slow: monitor.getRecentSlowOperations(1),
    exported: monitor.exportMetrics(),
    monitor,
    prometheus: await prometheusRegistry(monitor).metrics(),
    metrics: await telemetry.exported(),
    spans: telemetry.spans.getFinishedSpans().map(({ name, attributes, status, events }) => {
      return { name, attributes, status, events }
    }),
    drawn: new MonitorView({ title: 'test' }).draw(readExport(monitor.exportMetrics(), 1)),
  }
  expect(outputs.alerts[0]?.length).toBeGreaterThan(0)
  expect(outputs.spans.length).toBeGreaterThan(100)
  for (const [name, output] of Object.entries(outputs)) {
    const shown = inspect(output, { depth: Infinity, maxArrayLength: Infinity, showHidden: true })
    expect(shown.length).toBeGreaterThan(2)
    expect([name, shown.includes(CANARY)]).toEqual([name, false])
  }
})
