import {
  assertClock,
  assertKnownFields,
  assertLogger,
  type Clock,
  ConfigurationError,
  integerOption,
  invalidOption,
  type Logger,
  systemClock,
} from '@verbatim/cache-core'
import { monitorNames } from './monitor-name.js'

/** How a {@link CachePerformanceMonitor} is set up. */
export interface CachePerformanceMonitorOptions {
  /**
   * Value of the label `cache`, which tells monitors on one page of metrics apart. 1 to 64 characters.
   * Default: `cache-1`, `cache-2` and so on, in the order in which monitors without a name are made.
   */
  readonly name?: string | undefined
  /**
   * Where alerts, and the first record that is left out, are logged. Default: alerts are events only, and
   * `process.emitWarning` reports that a record is left out.
   */
  readonly logger?: Logger | undefined
  /** How long a measurement counts in the stats, in hours; fractions allowed. Default: 1. */
  readonly retentionHours?: number | undefined
  /** The most measurements kept of each kind; the oldest go first. 1 to 1,000,000. Default: 1000. */
  readonly maxMeasurements?: number | undefined
  /** Generating a key is slow above this many seconds. Default: 0.1. */
  readonly keyGenerationThreshold?: number | undefined
  /** A cache operation is slow above this many seconds. Default: 0.05. */
  readonly cacheOperationThreshold?: number | undefined
  /** Caches that hold so many bytes are worth a warning. Default: 52,428,800 (50 MiB). */
  readonly memoryWarningThresholdBytes?: number | undefined
  /** So many are critical; not less than the one before. Default: 104,857,600 (100 MiB). */
  readonly memoryCriticalThresholdBytes?: number | undefined
  /** So many invalidations within an hour are worth a warning. Default: 50. */
  readonly invalidationRateWarningPerHour?: number | undefined
  /** So many are critical; not less than the one before. Default: 100. */
  readonly invalidationRateCriticalPerHour?: number | undefined
  /** So many failed operations of 100 within five minutes are an error. Default: 5. */
  readonly errorRateThresholdPercent?: number | undefined
  /** How often memory is measured and alerts are checked, in seconds. Default: 10. */
  readonly sampleIntervalSeconds?: number | undefined
  /** Where the time is read. Default: the machine's clocks. */
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

const KNOWN_OPTIONS: ReadonlySet<string> = new Set(['name', 'logger', ...Object.keys(DEFAULTS)])

const nameOf = monitorNames()

/** @throws ConfigurationError (`INVALID_OPTION`) that names the bad or unknown option and its rule */
export function resolveOptions(options: CachePerformanceMonitorOptions): ResolvedOptions {
  assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const resolved: ResolvedOptions = { ...DEFAULTS, ...Object.fromEntries(given), name: '' }
  assertLogger(resolved.logger)
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    if (name === 'clock') assertClock(resolved.clock)
    else if (name === 'maxMeasurements') {
      integerOption(name, resolved[name], { min: 1, max: MOST_MEASUREMENTS })
    } else assertPositive(name, resolved[name])
  }
  assertOrder(resolved, 'memoryWarningThresholdBytes', 'memoryCriticalThresholdBytes')
  assertOrder(resolved, 'invalidationRateWarningPerHour', 'invalidationRateCriticalPerHour')
  // Last: a monitor that cannot be made takes no number.
  return { ...resolved, name: nameOf(options.name) }
}

function assertPositive(name: string, value: unknown): void {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return
  throw invalidOption(name, value, 'a finite number above 0')
}

function assertOrder(
  options: ResolvedOptions,
  warning: 'memoryWarningThresholdBytes' | 'invalidationRateWarningPerHour',
  critical: 'memoryCriticalThresholdBytes' | 'invalidationRateCriticalPerHour',
): void {
  if (options[critical] >= options[warning]) return
  throw invalidOption(critical, options[critical], `${options[warning]} (${warning}) or more`)
}
