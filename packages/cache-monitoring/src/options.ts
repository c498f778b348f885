import { type Clock, ConfigurationError, type Logger, systemClock } from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  assertLogger,
  assertName,
  integerOption,
  invalidOption,
} from '@verbatim/cache-core/implement'

/** Options of a {@link CachePerformanceMonitor}. */
export interface CachePerformanceMonitorOptions {
  /**
   * The value of the label `cache`, by which a page of metrics tells monitors apart. 1 to 64 characters.
   * Default: `cache-1`, `cache-2` and so on, in the order of creation.
   */
  readonly name?: string | undefined
  /**
   * Receives alerts, and the first record that is rejected. Default: alerts are events only, and
   * `process.emitWarning` reports the rejected record.
   */
  readonly logger?: Logger | undefined
  /** The retention of a measurement, in hours; fractions allowed. Default: 1. */
  readonly retentionHours?: number | undefined
  /** The most retained measurements of each kind, 1 to 1,000,000. Default: 1000. */
  readonly maxMeasurements?: number | undefined
  /** The duration above which the generation of a key is slow, in seconds. Default: 0.1. */
  readonly keyGenerationThreshold?: number | undefined
  /** The duration above which a cache operation is slow, in seconds. Default: 0.05. */
  readonly cacheOperationThreshold?: number | undefined
  /** The size of caches that is worth a warning, in bytes. Default: 52,428,800 (50 MiB). */
  readonly memoryWarningThresholdBytes?: number | undefined
  /** The size of caches that is critical, in bytes; at least the warning threshold. Default: 104,857,600. */
  readonly memoryCriticalThresholdBytes?: number | undefined
  /** Invalidations within an hour that are worth a warning. Default: 50. */
  readonly invalidationRateWarningPerHour?: number | undefined
  /** Invalidations within an hour that are critical; at least the warning threshold. Default: 100. */
  readonly invalidationRateCriticalPerHour?: number | undefined
  /** Failed operations of the last five minutes that are an error, in percent, at most 100. Default: 5. */
  readonly errorRateThresholdPercent?: number | undefined
  /** The interval at which memory is measured and alerts are checked, in seconds, at most a day. Default: 10. */
  readonly sampleIntervalSeconds?: number | undefined
  /** The source of time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
}

type Resolved = {
  readonly [Name in keyof CachePerformanceMonitorOptions]-?: NonNullable<
    CachePerformanceMonitorOptions[Name]
  >
}

export type ResolvedOptions = Omit<Resolved, 'logger'> &
  Pick<CachePerformanceMonitorOptions, 'logger'>

const MOST_MEASUREMENTS = 1_000_000

const DEFAULTS: Omit<ResolvedOptions, 'name' | 'logger'> = {
  retentionHours: 1,
  maxMeasurements: 1_000,
  keyGenerationThreshold: 0.1,
  cacheOperationThreshold: 0.05,
  memoryWarningThresholdBytes: 52_428_800,
  memoryCriticalThresholdBytes: 104_857_600,
  invalidationRateWarningPerHour: 50,
  invalidationRateCriticalPerHour: 100,
  errorRateThresholdPercent: 5,
  sampleIntervalSeconds: 10,
  clock: systemClock,
}

/** The greatest values of options. A timer of more than 24 days would run every millisecond. */
const MOST: Readonly<Record<string, number>> = {
  errorRateThresholdPercent: 100,
  sampleIntervalSeconds: 86_400,
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set(['name', 'logger', ...Object.keys(DEFAULTS)])

const nameOf = monitorNames()

/** @throws ConfigurationError (`INVALID_OPTION`) that names the wrong or unknown option and its rule */
export function resolveOptions(options: CachePerformanceMonitorOptions): ResolvedOptions {
  assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const resolved: ResolvedOptions = { ...DEFAULTS, ...Object.fromEntries(given), name: '' }
  assertLogger(resolved.logger)
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    if (name === 'clock') assertClock(resolved.clock)
    else if (name === 'maxMeasurements') {
      integerOption(name, resolved[name], { min: 1, max: MOST_MEASUREMENTS })
    } else assertPositive(name, resolved[name], MOST[name])
  }
  assertOrder(resolved, 'memoryWarningThresholdBytes', 'memoryCriticalThresholdBytes')
  assertOrder(resolved, 'invalidationRateWarningPerHour', 'invalidationRateCriticalPerHour')
  // Last, so that a monitor whose options are wrong uses up no number.
  return { ...resolved, name: nameOf(options.name) }
}

/**
 * Returns a function that checks the option `name`, or returns `cache-1`, `cache-2` and so on for monitors
 * without one.
 *
 * Each class of monitors counts for itself, so that both monitors of a cache get the same number.
 */
export function monitorNames(): (name: unknown) => string {
  let unnamed = 0
  return (name) => {
    assertName(name)
    return name ?? `cache-${++unnamed}`
  }
}

function assertPositive(name: string, value: unknown, most = Number.MAX_VALUE): void {
  if (typeof value === 'number' && value > 0 && value <= most) return
  const rule =
    most === Number.MAX_VALUE ? 'a finite number above 0' : `a number above 0 and at most ${most}`
  throw invalidOption(name, rule, value)
}

function assertOrder(
  options: ResolvedOptions,
  warning: 'memoryWarningThresholdBytes' | 'invalidationRateWarningPerHour',
  critical: 'memoryCriticalThresholdBytes' | 'invalidationRateCriticalPerHour',
): void {
  if (options[critical] >= options[warning]) return
  throw invalidOption(critical, `${options[warning]} (${warning}) or more`, options[critical])
}
