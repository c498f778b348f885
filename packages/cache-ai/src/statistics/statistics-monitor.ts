import type { CacheMonitor, Logger } from '@verbatim/cache-core'
import { assertMonitor, hasMethod, MonitorGuard } from '@verbatim/cache-core/implement'
import {
  type CachePerformanceMonitor,
  combineMonitors,
  type PerformanceMonitor,
} from '@verbatim/cache-monitoring'

/** The methods of a monitor that a cache of AI responses needs for its statistics. */
const METHODS = [
  'getPerformanceStats',
  'getResponseFigures',
  'getInvalidationFrequencyStats',
  'getInvalidationRecommendations',
  'getMemoryWarnings',
  'recordMemoryUsage',
] as const

/** A monitor from which a cache of AI responses reads its statistics. */
export type StatisticsMonitor = Pick<PerformanceMonitor, (typeof METHODS)[number]>

type Returned<Method extends keyof StatisticsMonitor> = ReturnType<StatisticsMonitor[Method]>

/** The monitor that a cache reports to, and the one that it reads its statistics from. */
interface Monitors {
  readonly performanceMonitor: CacheMonitor
  readonly statistics: StatisticsMonitor
}

/**
 * Returns the given monitor if it has statistics, and adds a monitor that has them if not.
 *
 * @param logger - gets the first failure of the given monitor
 * @param makeOwn - called where the given monitor has no statistics, or fails to return them
 * @throws ConfigurationError (`INVALID_OPTION`) for anything but a monitor
 */
export function monitorsOf(
  given: CacheMonitor | undefined,
  logger: Logger | undefined,
  makeOwn: () => CachePerformanceMonitor,
): Monitors {
  assertMonitor(given)
  if (given === undefined) {
    const own = makeOwn()
    return { performanceMonitor: own, statistics: own }
  }
  const guard = new MonitorGuard(given, logger)
  if (METHODS.every((method) => hasMethod(given, method))) {
    return { performanceMonitor: given, statistics: guarded(guard, makeOwn) }
  }
  const own = makeOwn()
  return { performanceMonitor: combineMonitors(own, guard), statistics: own }
}

/** Returns statistics that never throw: where the given monitor fails, those of an idle monitor. */
function guarded(guard: MonitorGuard, makeIdle: () => CachePerformanceMonitor): StatisticsMonitor {
  let idle: CachePerformanceMonitor | undefined
  const orIdle = <Method extends keyof StatisticsMonitor>(method: Method): Returned<Method> => {
    const returned = guard.call(method)
    if (typeof returned === 'object' && returned !== null) return returned as Returned<Method>
    idle ??= makeIdle()
    return Reflect.apply(idle[method], idle, []) as Returned<Method>
  }
  return {
    getPerformanceStats: () => orIdle('getPerformanceStats'),
    getResponseFigures: () => orIdle('getResponseFigures'),
    getInvalidationFrequencyStats: () => orIdle('getInvalidationFrequencyStats'),
    getInvalidationRecommendations: () => orIdle('getInvalidationRecommendations'),
    getMemoryWarnings: () => orIdle('getMemoryWarnings'),
    recordMemoryUsage: (record) => {
      guard.call('recordMemoryUsage', record)
    },
  }
}
