import assert from 'node:assert/strict'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { OpenTelemetryMonitor } from '@verbatim/cache-monitoring/otel'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import { MonitorView } from '@verbatim/cache-monitoring/watch'

const monitor = new CachePerformanceMonitor()
combineMonitors(monitor, new OpenTelemetryMonitor()).observeOperation('get', 'hit', 'memory', 1)

const page = await prometheusRegistry(monitor).metrics()
assert.match(page, /^verbatim_cache_operations_total\{.*\} 1$/m)
assert.equal(typeof new MonitorView({ title: 'test' }).draw, 'function')
console.log('ok')
