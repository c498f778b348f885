import type { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import type { FastifyInstance } from 'fastify'

export interface CacheMetricsRouteOptions {
  readonly monitor: CachePerformanceMonitor
}

/** Adds routes with the figures of the monitor, for Prometheus and as JSON. */
export async function cacheMetricsRoute(
  app: FastifyInstance,
  { monitor }: CacheMetricsRouteOptions,
): Promise<void> {
  const registry = prometheusRegistry(monitor)
  // oxlint-disable-next-line no-async-endpoint-handlers -- the rule is for Express; Fastify awaits handlers
  app.get('/metrics', async (_request, reply) => {
    const page = await registry.metrics()
    return reply.type(registry.contentType).send(page)
  })
  app.get('/internal/cache/metrics', () => monitor.exportMetrics())
}
