import { InMemoryCache } from '@verbatim/cache-memory'
import { onTestFinished } from 'vitest'
import { Dashboard } from '../../src/dashboard/index.js'
import type { DashboardOptions } from '../../src/dashboard/options.js'
import { CachePerformanceMonitor } from '../../src/index.js'

export const KEY = 'a key for the tests'.replaceAll(' ', '-')
export const SECRET = 'the cached text of Ada'
const ignore = (): void => undefined
export const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

interface Setup {
  readonly cache: InMemoryCache
  readonly dashboard: Dashboard
  readonly send: (method: string, path: string, body?: object, key?: string) => Promise<Response>
}

/** Starts a dashboard of a cache with three entries. */
export async function setUp(options: Partial<DashboardOptions> = { apiKey: KEY }): Promise<Setup> {
  const monitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  const dashboard = new Dashboard({ monitor, caches: { users: cache }, ...options })
  onTestFinished(() => dashboard.close())
  await cache.set('user:1', { name: SECRET, visits: 7 }, { ttl: '5m', tags: ['users'] })
  await cache.set('user:2', { name: SECRET }, null)
  await cache.set('other', 1)
  const send: Setup['send'] = (method, path, body, key) =>
    dashboard.fetch(
      new Request(`http://host/${path}`, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  return { cache, dashboard, send }
}
