import { ConfigurationError } from '@verbatim/cache-core'
import {
  assertKnownFields,
  flagOption,
  integerOption,
  invalidOption,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import { MAX_ITEMS } from '../test-data.js'
import { readConfigFile } from './config-file.js'
import { environmentOptions } from './environment.js'
import { PRESET_NAMES, PRESETS, type PresetName } from './presets.js'
import {
  type BenchmarkThresholds,
  DEFAULT_THRESHOLDS,
  mergeThresholds,
  type PartialThresholds,
} from './thresholds.js'

/** Options of {@link BenchmarkConfig}. */
export interface BenchmarkConfigOptions {
  /** Source of every field that is not given. Default: `'testing'`. */
  readonly preset?: PresetName | undefined
  /** Number of measured iterations, 1 to 1,000,000. Default: that of the preset. */
  readonly defaultIterations?: number | undefined
  /** Number of iterations before the measured ones, 0 to 1,000,000. Default: that of the preset. */
  readonly warmupIterations?: number | undefined
  /** Longest duration of one scenario, in seconds, above 0. Default: that of the preset. */
  readonly timeoutSeconds?: number | undefined
  /** Whether results contain the memory of the process. Default: true. */
  readonly enableMemoryTracking?: boolean | undefined
  /** Whether the suite measures compression. Default: true. */
  readonly enableCompressionTests?: boolean | undefined
  /** Limits that replace those of the preset. */
  readonly thresholds?: PartialThresholds | undefined
  /** Name of the environment in reports, not blank. Default: the name of the preset. */
  readonly environment?: string | undefined
  /** Settings of your own. They are stored and not used. Default: none. */
  readonly customSettings?: Readonly<Record<string, unknown>> | undefined
}

const OPTIONS: ReadonlySet<string> = new Set([
  'preset',
  'defaultIterations',
  'warmupIterations',
  'timeoutSeconds',
  'enableMemoryTracking',
  'enableCompressionTests',
  'thresholds',
  'environment',
  'customSettings',
])

/** Longest timeout in seconds: one week. */
const MAX_TIMEOUT_SECONDS = 604_800

/**
 * Settings of a benchmark, checked.
 *
 * @example
 * ```ts
 * const config = new BenchmarkConfig({ preset: 'ci', thresholds: { memoryUsageMb: { warning: 60 } } })
 * const benchmark = new CachePerformanceBenchmark({ config })
 * ```
 */
export class BenchmarkConfig {
  static {
    recognizeCopies(this, 'cache-bench/BenchmarkConfig')
  }

  readonly defaultIterations: number
  readonly warmupIterations: number
  readonly timeoutSeconds: number
  readonly enableMemoryTracking: boolean
  readonly enableCompressionTests: boolean
  readonly thresholds: BenchmarkThresholds
  readonly environment: string
  readonly customSettings: Readonly<Record<string, unknown>>

  /** @throws ConfigurationError (`INVALID_OPTION`) for an invalid or unknown option */
  constructor(options: BenchmarkConfigOptions = {}) {
    assertKnownFields(options, OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { preset = 'testing', environment = preset, thresholds = {} } = options
    const { customSettings = {} } = options
    if (!Object.hasOwn(PRESETS, preset)) {
      throw invalidOption('preset', `one of ${PRESET_NAMES.join(', ')}`, preset)
    }
    const base = PRESETS[preset]
    const { defaultIterations = base.defaultIterations } = options
    const { warmupIterations = base.warmupIterations } = options
    const range = { min: 1, max: MAX_ITEMS }
    this.defaultIterations = integerOption('defaultIterations', defaultIterations, range)
    this.warmupIterations = integerOption('warmupIterations', warmupIterations, {
      ...range,
      min: 0,
    })
    this.timeoutSeconds = timeoutOption(options.timeoutSeconds ?? base.timeoutSeconds)
    this.enableMemoryTracking = flagOption(
      'enableMemoryTracking',
      options.enableMemoryTracking,
      true,
    )
    this.enableCompressionTests = flagOption(
      'enableCompressionTests',
      options.enableCompressionTests,
      true,
    )
    assertThresholdFields(thresholds)
    this.thresholds = mergeThresholds(base.thresholds, thresholds)
    if (typeof environment !== 'string' || environment.trim() === '') {
      throw invalidOption('environment', 'a text that is not blank', environment)
    }
    this.environment = environment
    assertPlain('customSettings', customSettings)
    this.customSettings = { ...customSettings }
  }

  /**
   * Creates a configuration from variables that begin with `BENCHMARK_`. Blank variables count as unset.
   *
   * `BENCHMARK_ENVIRONMENT` with the name of a preset selects that preset.
   *
   * @param variables - Default: `process.env`
   * @throws ConfigurationError that lists every variable that is wrong or misspelled
   */
  static fromEnvironment(
    variables: Readonly<Record<string, string | undefined>> = process.env,
  ): BenchmarkConfig {
    return new BenchmarkConfig(environmentOptions(variables))
  }

  /**
   * Creates a configuration from a JSON or YAML file with the fields of {@link BenchmarkConfigOptions}, in
   * camelCase or snake_case.
   *
   * @throws ConfigurationError (`INVALID_CONFIG_FILE`) if the file cannot be read or parsed
   * @throws ConfigurationError (`INVALID_OPTION`) for an invalid or unknown field
   */
  static async fromFile(file: string): Promise<BenchmarkConfig> {
    return new BenchmarkConfig(await readConfigFile(file))
  }
}

function timeoutOption(value: unknown): number {
  const isValid = typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_SECONDS
  if (isValid) return value
  throw invalidOption('timeoutSeconds', `a number above 0, at most ${MAX_TIMEOUT_SECONDS}`, value)
}

function assertThresholdFields(thresholds: unknown): void {
  const groups = new Set(Object.keys(DEFAULT_THRESHOLDS))
  assertKnownFields(thresholds, groups, 'thresholds', ConfigurationError, 'INVALID_OPTION')
  for (const [group, limits] of Object.entries(thresholds as PartialThresholds)) {
    const known = DEFAULT_THRESHOLDS[group as keyof BenchmarkThresholds]
    const fields = new Set(Object.keys(known))
    const place = `thresholds.${group}`
    if (limits === undefined) continue
    assertKnownFields(limits, fields, place, ConfigurationError, 'INVALID_OPTION')
  }
}

function assertPlain(name: string, value: unknown): void {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return
  throw invalidOption(name, 'a plain object', value)
}
