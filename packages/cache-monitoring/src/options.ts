import { type Clock, integerOption, invalidOption, systemClock } from '@verbatim/cache-core'

/** How a {@link CachePerformanceMonitor} is set up. */
export interface CachePerformanceMonitorOptions {
  /** How long a measurement counts in the stats, in hours; fractions allowed. Default: 1. */
  readonly retentionHours?: number | undefined
  /** The most measurements kept of each kind; the oldest go first. 1 to 1,000,000. Default: 1000. */
  readonly maxMeasurements?: number | undefined
  /** Generating a key is slow above this many seconds. Default: 0.1. */
  readonly keyGenerationThreshold?: number | undefined
  /** A cache operation is slow above this many seconds. Default: 0.05. */
  readonly cacheOperationThreshold?: number | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
}

export interface ResolvedOptions {
  readonly retentionHours: number
  readonly maxMeasurements: number
  readonly keyGenerationThreshold: number
  readonly cacheOperationThreshold: number
  readonly clock: Clock
}

const MOST_MEASUREMENTS = 1_000_000

export function resolveOptions(options: CachePerformanceMonitorOptions): ResolvedOptions {
  const {
    retentionHours = 1,
    maxMeasurements = 1_000,
    keyGenerationThreshold = 0.1,
    cacheOperationThreshold = 0.05,
    clock = systemClock,
  } = options
  return {
    retentionHours: positiveOption('retentionHours', retentionHours),
    maxMeasurements: integerOption('maxMeasurements', maxMeasurements, {
      min: 1,
      max: MOST_MEASUREMENTS,
    }),
    keyGenerationThreshold: positiveOption('keyGenerationThreshold', keyGenerationThreshold),
    cacheOperationThreshold: positiveOption('cacheOperationThreshold', cacheOperationThreshold),
    clock: clockOption(clock),
  }
}

function positiveOption(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw invalidOption(name, value, 'a finite number above 0')
}

/** Checked here because a monitor must not throw later, in the middle of somebody's read. */
function clockOption(clock: unknown): Clock {
  if (isClock(clock)) return clock
  throw invalidOption('clock', clock, 'an object with the methods now and wallTime')
}

function isClock(value: unknown): value is Clock {
  return (
    typeof value === 'object' &&
    value !== null &&
    'now' in value &&
    typeof value.now === 'function' &&
    'wallTime' in value &&
    typeof value.wallTime === 'function'
  )
}
