import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { buildApp } from '../../src/app.js'
import type { Analyzer } from '../../src/routes/process.js'

/** The service over a real in-memory cache. */
export interface TestService {
  readonly app: FastifyInstance
  readonly cache: InMemoryCache
}

export async function startService(analyzer?: Analyzer): Promise<TestService> {
  const monitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  const app = await buildApp({
    cache,
    monitor,
    analyzer,
    backend: () => ({ mode: 'memory', redis: 'not_configured', memory: cache.getStats() }),
  })
  onTestFinished(() => app.close())
  return { app, cache }
}

/** What `POST /process` answers when all is well. */
export interface ProcessAnswer {
  readonly result: unknown
  readonly cache: {
    readonly status: 'hit' | 'miss'
    readonly key: string
    readonly ageMs: number
    readonly durationMs: number
  }
}

/** The bytes of the result, as they stand in the body. */
export function resultBytes(body: string): string {
  const end = body.lastIndexOf(',"cache":')
  return body.slice('{"result":'.length, end)
}
