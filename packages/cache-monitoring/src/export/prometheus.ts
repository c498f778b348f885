import { invalidArgument } from '@verbatim/cache-core'
import { type Metric, type MetricObject, Registry } from 'prom-client'
import { MetricsPage, type PageMonitor } from './metrics-page.js'

export type { PageMonitor } from './metrics-page.js'

/**
 * Returns a registry with what monitors have counted, for Prometheus to scrape. Figures are read at each
 * scrape. The label `cache` has the name of the monitor; all labels are from bounded sets.
 *
 * Such registries can be merged with each other and with any other by `Registry.merge`.
 *
 * @example `reply.type(registry.contentType).send(await registry.metrics())`
 * @throws ValidationError without a monitor, or for an argument that is not a monitor
 * @throws ConfigurationError (`DUPLICATE_NAME`) for two monitors of one name, also when registries are
 * merged
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
 * A registry that can be merged with others of its kind.
 *
 * `Registry.merge` takes the metrics of each registry, and accepts one name twice only if it belongs to
 * one metric object. So the registries of one merge hand out the same metrics, which read all their
 * monitors.
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
    // A merge reads the content type of all registries first, and then their metrics.
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

  /** Runs what reads the metrics of this registry alone; the metrics are taken before it returns. */
  #rendering<T>(render: () => T): T {
    this.#isRendering = true
    try {
      return render()
    } finally {
      this.#isRendering = false
    }
  }
}

/** The metrics that the registries of the merge in progress share. */
let currentMerge: MetricsPage | undefined

function nameOf(metric: object): unknown {
  return (metric as { readonly name?: unknown }).name
}
