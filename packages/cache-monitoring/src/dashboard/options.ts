import { CacheInterface, ConfigurationError, type Logger } from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertLogger,
  assertName,
  hasMethod,
  invalidOption,
  isPlainObject,
} from '@verbatim/cache-core/implement'
import type { PerformanceMonitor } from '../performance-monitor.js'
import type { RequestTracer } from './request-tracer.js'

/** The methods of a monitor that the dashboard calls. */
export type DashboardMonitor = Pick<
  PerformanceMonitor,
  | 'name'
  | 'exportCounts'
  | 'exportMetrics'
  | 'getPerformanceStats'
  | 'getMemoryUsageStats'
  | 'getAlerts'
  | 'getRecommendations'
>

/** Options of a {@link Dashboard}. */
export interface DashboardOptions {
  /** The monitor to which the caches report. */
  readonly monitor: DashboardMonitor
  /** The caches by the names that the dashboard shows, 1 to 64 characters each. Default: none. */
  readonly caches?: Readonly<Record<string, CacheInterface>> | undefined
  /**
   * The secret that the dashboard asks for before it shows keys, values and settings, or changes a cache.
   * 16 to 256 visible ASCII characters. Default: none, and these parts answer 403.
   */
  readonly apiKey?: string | undefined
  /** Addresses of other pages by their title, such as `{ 'Grafana': 'https://…' }`. Default: none. */
  readonly links?: Readonly<Record<string, string>> | undefined
  /** Traces requests through the tiers of the caches that report to it. Default: none. */
  readonly tracer?: RequestTracer | undefined
  /** Receives unexpected failures of routes, without values. Default: warnings of the process. */
  readonly logger?: Logger | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof DashboardOptions>([
  'monitor',
  'caches',
  'apiKey',
  'links',
  'tracer',
  'logger',
])

/** @throws ConfigurationError (`INVALID_OPTION`) that names the wrong or unknown option and its rule */
export function assertOptions(options: DashboardOptions): void {
  assertKnownFields(options, FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
  const { monitor, caches = {}, apiKey, links = {}, tracer, logger } = options
  assertLogger(logger)
  if (tracer !== undefined && !hasMethod(tracer, 'run')) {
    throw invalidOption('tracer', 'a RequestTracer', tracer)
  }
  if (!hasMethod(monitor, 'exportCounts'))
    throw invalidOption('monitor', 'a CachePerformanceMonitor', monitor)
  if (!isPlainObject(caches)) throw invalidOption('caches', 'an object of caches by name', caches)
  if (!isPlainObject(links)) throw invalidOption('links', 'an object of addresses by title', links)
  for (const [name, cache] of Object.entries(caches)) {
    assertCacheName(name)
    const isCache: boolean = cache instanceof CacheInterface
    if (!isCache) throw invalidOption(`caches.${name}`, 'a cache', cache)
  }
  for (const [title, address] of Object.entries(links)) {
    const isAddress =
      typeof address === 'string' && /^(?:https?:\/\/|\/(?!\/)|\.{1,2}\/)/.test(address)
    if (!isAddress) throw invalidOption(`links.${title}`, 'an http address or a path', address)
  }
  if (apiKey === undefined) return
  if (typeof apiKey === 'string' && /^[\x21-\x7e]{16,256}$/.test(apiKey)) return
  throw invalidOption('apiKey', '16 to 256 visible ASCII characters', apiKey, {
    received: typeof apiKey === 'string' ? 'another text' : typeof apiKey,
  })
}

function assertCacheName(name: string): void {
  try {
    assertName(name)
  } catch {
    const rule =
      'an object whose names have 1 to 64 characters, are not blank and have no control characters'
    throw invalidOption('caches', rule, name, { received: 'another name' })
  }
}
