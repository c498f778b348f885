import { invalidArgument } from '@verbatim/cache-core/implement'
import { type Metric, type MetricObject, Registry } from 'prom-client'
import { MetricsPage, type PageMonitor } from './metrics-page.js'

export type { PageMonitor } from './metrics-page.js'

/**
 * Returns a registry with the metrics of monitors, for Prometheus to scrape. Each scrape reads the current
 * figures. The label `cache` is the name of the monitor. All labels are from bounded sets.
 *
 * `Registry.merge` merges such registries with each other and with any other registry.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for an argument that is not a monitor, and without arguments
 * @throws ConfigurationError (`DUPLICATE_NAME`) for two monitors of one name, also when registries are
 * merged
 * @example
 * ```ts
 * const registry = prometheusRegistry(monitor)
 * app.get('/metrics', async (_request, reply) =>
 *   reply.type(registry.contentType).send(await registry.metrics()))
 * ```
 */
export function prometheusRegistry(...monitors: readonly PageMonitor[]): Registry {
  if (monitors.length === 0) throw invalidArgument('monitors', 'at least one monitor', undefined)
  for (const [index, monitor] of monitors.entries()) {
    if (isPageMonitor(monitor)) continue
    throw invalidArgument(`monitors[${index}]`, 'a CachePerformanceMonitor', monitor)
  }
  return new MonitorRegistry(monitors)
}

function isPageMonitor(value: unknown): value is PageMonitor {
  const { name, exportMetrics } = Object(value) as Partial<PageMonitor>
  return typeof name === 'string' && typeof exportMetrics === 'function'
}

/**
 * A registry that can be merged with others of its class.
 *
 * `Registry.merge` accepts a name twice only if both belong to one metric object. Registries that are being
 * merged therefore return the same metrics, which read the monitors of all of them.
 */
class MonitorRegistry extends Registry {
  readonly #monitors: readonly PageMonitor[]
  readonly #own: ReadonlySet<Metric>
  #isRendering = false

  constructor(monitors: readonly PageMonitor[]) {
    super()
    const { metrics } = new MetricsPage(monitors)
    this.#monitors = monitors
    this.#own = new Set(metrics)
    for (const metric of metrics) this.registerMetric(metric)
    // A merge reads the content types of all registries first, and then their metrics.
    Object.defineProperty(this, 'contentType', {
      get: (): unknown => {
        currentMerge = undefined
        return Reflect.get(Registry.prototype, 'contentType', this)
      },
    })
  }

  override getMetricsAsArray(): MetricObject[] {
    const all = super.getMetricsAsArray()
    if (this.#isRendering) return all
    currentMerge ??= new MetricsPage([])
    currentMerge.add(this.#monitors)
    const merged = new Map(currentMerge.metrics.map((metric) => [nameOf(metric), metric]))
    return all.map((metric) =>
      this.#own.has(metric as unknown as Metric)
        ? ((merged.get(nameOf(metric)) ?? metric) as unknown as MetricObject)
        : metric,
    )
  }

  override metrics(): Promise<string> {
    return this.#rendering(() => super.metrics())
  }

  override getMetricsAsJSON(): ReturnType<Registry['getMetricsAsJSON']> {
    return this.#rendering(() => super.getMetricsAsJSON())
  }

  /** Runs a function that reads the metrics of this registry alone, and reads them before it returns. */
  #rendering<T>(render: () => T): T {
    this.#isRendering = true
    try {
      return render()
    } finally {
      this.#isRendering = false
    }
  }
}

/** The metrics that the registries of the current merge share. */
let currentMerge: MetricsPage | undefined

function nameOf(metric: object): unknown {
  return (metric as { readonly name?: unknown }).name
}
