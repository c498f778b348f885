import type { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { backendOf } from '../create-cache.js'

export interface MetricsRoutesOptions {
  readonly monitor: CachePerformanceMonitor
}

/** Adds routes for the platform that runs the service: metrics for Prometheus, and health checks. */
export async function metricsRoutes(
  app: FastifyInstance,
  { monitor }: MetricsRoutesOptions,
): Promise<void> {
  const registry = prometheusRegistry(monitor)
  const sendPage = async (reply: FastifyReply): Promise<FastifyReply> => {
    const page = await registry.metrics()
    return reply.type(registry.contentType).send(page)
  }
  app.get('/metrics', (_request, reply) => sendPage(reply))
  app.get('/healthz', () => ({ status: 'ok' }))
  // The service answers without Redis too, so a lost Redis does not take it out of a load balancer.
  app.get('/readyz', () => ({ status: 'ready', mode: backendOf(app.cache).mode }))
}
