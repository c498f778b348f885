import { type Clock, systemClock } from '@verbatim/cache-core'
import { Reporter } from '@verbatim/cache-core/implement'
import { bySeverity } from '../advice/recommendations.js'
import { ApiKey } from './api-key.js'
import { settingsOf } from './cache-settings.js'
import { stateOf, statsOf } from './cache-state.js'
import { describeBug } from './describe-bug.js'
import { Explorer } from './explorer.js'
import { type FastifyScope, mountOnFastify } from './fastify-mount.js'
import { History, rangeSeconds } from './history.js'
import { liveStream } from './live-stream.js'
import { type NodeListener, nodeListener } from './node-mount.js'
import { assertOptions, type DashboardOptions } from './options.js'
import type { CurrentState, HistoryPoint, Overview, Range } from './overview.js'
import { RequestLog, type RequestRecord } from './request-log.js'
import { route } from './routes.js'

const BYTES_PER_MB = 1_048_576
/** The most pages that are updated at the same time. */
const MOST_STREAMS = 100

/**
 * A web page with the figures of a monitor and the entries of caches.
 *
 * It answers web-standard requests, and mounts in Fastify, Express and `node:http`. Every visitor of the page sees
 * the figures. Keys, values, settings and all changes need the `apiKey`.
 *
 * @example
 * ```ts
 * const dashboard = new Dashboard({ monitor, caches: { answers: cache }, apiKey: process.env.DASHBOARD_KEY })
 * createServer(dashboard.listener).listen(4000)
 * ```
 */
export class Dashboard {
  /**
   * Handles requests of `node:http`, and is middleware of Express and Connect:
   * `app.use('/dashboard', dashboard.listener)`.
   */
  readonly listener: NodeListener = nodeListener(
    (request) => this.fetch(request),
    (error) => this.#reportBug('answer a request', error),
  )
  /** A plugin of Fastify: `app.register(dashboard.fastify, { prefix: '/dashboard' })`. */
  readonly fastify: (scope: FastifyScope) => Promise<void> = mountOnFastify(this.listener)
  readonly #options: DashboardOptions
  readonly #clock: Clock = systemClock
  readonly #history: History
  readonly #requests = new RequestLog()
  readonly #explorer: Explorer
  readonly #apiKey: ApiKey
  readonly #reporter: Reporter
  #streams = 0
  #current: { readonly sample: number; readonly state: CurrentState } | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the wrong option and its rule */
  constructor(options: DashboardOptions) {
    assertOptions(options)
    this.#options = options
    this.#history = new History(options.monitor, this.#clock, (error) =>
      this.#reportBug('read its monitor', error),
    )
    this.#explorer = new Explorer(
      options.caches ?? {},
      () => this.#clock.wallTime(),
      () => this.#requests.hitsByKey(),
    )
    this.#apiKey = new ApiKey(options.apiKey)
    this.#reporter = new Reporter({ logger: options.logger })
  }

  /**
   * Adds a request to the page *Requests*, and its hit to the time saved. Only the newest 500 are listed.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`)
   * @example
   * ```ts
   * const startedAt = performance.now()
   * const { cached } = await cache.getOrCompute(request, compute)
   * dashboard.recordRequest({
   *   outcome: cached.hit ? 'hit' : 'miss',
   *   key: cached.key,
   *   durationMs: performance.now() - startedAt,
   *   computeMs: cached.computeMs,
   * })
   * ```
   */
  recordRequest(record: RequestRecord): void {
    this.#requests.add(record, this.#clock.wallTime(), this.#options.tracer?.steps)
  }

  /**
   * Runs a request that calls `recordRequest`. With the option `tracer`, the page *Requests* shows its way through
   * the tiers of the caches.
   */
  trace<T>(request: () => T): T {
    const { tracer } = this.#options
    return tracer === undefined ? request() : tracer.run(request)
  }

  /**
   * Handles a request whose path begins after the mounted one: `/`, `/api/overview` and so on. Never rejects.
   */
  fetch(request: Request): Promise<Response> {
    return route(request, {
      apiKey: this.#apiKey,
      explorer: this.#explorer,
      requests: () => this.#requests.newest(),
      overview: (range) => this.#overview(range),
      live: (range) => this.#live(range),
      settings: () => this.#settings(),
      invalidations: () => this.#options.monitor.exportMetrics().invalidation_events,
      failed: (path, error) => this.#reportBug(`answer ${path || 'its page'}`, error),
    })
  }

  /** Stops reading the monitor, and ends all live pages. */
  close(): void {
    this.#history.close()
  }

  #reportBug(task: string, error: unknown): void {
    const message = `The dashboard failed to ${task}: ${describeBug(error)}`
    this.#reporter.notifyRarely('error', 'VERBATIM_DASHBOARD_FAILED', message, message)
  }

  #overview(range: Range, points: readonly HistoryPoint[] = this.#history.points(range)): Overview {
    return { range, ...rangeSeconds(range), points, now: this.#now() }
  }

  /** Returns a stream whose first message has all points; `undefined` when too many pages are open. */
  #live(range: Range): ReadableStream<Uint8Array> | undefined {
    if (this.#streams >= MOST_STREAMS) return undefined
    this.#streams++
    let newest = 0
    const message = (): Overview => {
      const points = this.#history.points(range)
      const last = points.at(-1)?.at ?? 0
      // The clock was set back, and the page must replace points that are now in the future.
      const sent = last < newest ? points : points.filter(({ at }) => at > newest)
      newest = last
      return this.#overview(range, sent)
    }
    return liveStream(this.#history, message, () => this.#streams--)
  }

  /** Returns the figures of this moment, computed once for each sample. */
  #now(): CurrentState {
    const sample = this.#history.samples
    if (this.#current?.sample !== sample) this.#current = { sample, state: this.#state() }
    return this.#current.state
  }

  #state(): CurrentState {
    const { monitor, caches = {} } = this.#options
    const { cacheHits, cacheMisses, cacheErrors, cacheHitRate } = monitor.getPerformanceStats()
    const { saved } = this.#requests
    return {
      monitor: monitor.name,
      totals: {
        hits: cacheHits,
        misses: cacheMisses,
        errors: cacheErrors,
        ...(cacheHitRate !== undefined && { hitRate: cacheHitRate }),
      },
      ...(saved && { saved }),
      ...memoryOf(monitor.getMemoryUsageStats()),
      caches: Object.entries(caches).map(([name, cache]) => stateOf(name, statsOf(cache))),
      alerts: monitor.getAlerts(),
      advice: bySeverity(monitor.getRecommendations()),
    }
  }

  async #settings(): Promise<object> {
    const { monitor, caches = {}, links = {} } = this.#options
    const { memory } = memoryOf(monitor.getMemoryUsageStats())
    return {
      monitor: monitor.name,
      node: process.version,
      processId: process.pid,
      uptimeSeconds: process.uptime(),
      thresholds: memory && { warning: memory.warningBytes, critical: memory.criticalBytes },
      retentionHours: monitor.getPerformanceStats().retentionHours,
      caches: await Promise.all(
        Object.entries(caches).map(([name, cache]) => settingsOf(name, cache)),
      ),
      links,
    }
  }
}

function memoryOf(
  stats: ReturnType<DashboardOptions['monitor']['getMemoryUsageStats']>,
): Pick<CurrentState, 'memory'> {
  if (stats.noMeasurements) return {}
  const { current, thresholds } = stats
  return {
    memory: {
      memoryBytes: current.memoryCacheSizeMb * BYTES_PER_MB,
      redisBytes: (current.totalCacheSizeMb - current.memoryCacheSizeMb) * BYTES_PER_MB,
      entries: current.cacheEntryCount,
      processBytes: current.processMemoryMb * BYTES_PER_MB,
      warningBytes: thresholds.warningThresholdMb * BYTES_PER_MB,
      criticalBytes: thresholds.criticalThresholdMb * BYTES_PER_MB,
    },
  }
}
