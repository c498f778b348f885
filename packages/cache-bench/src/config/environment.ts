import { ConfigurationError } from '@verbatim/cache-core'
import { nearestName, parseFlag } from '@verbatim/cache-core/implement'
import type { BenchmarkConfigOptions } from './benchmark-config.js'
import { PRESETS, type PresetName } from './presets.js'

const PREFIX = 'BENCHMARK_'

/** Reads a text. Returns `undefined` if it is not valid. */
interface Kind {
  readonly rule: string
  readonly read: (text: string) => unknown
}

const NUMBER: Kind = {
  rule: 'a number',
  read: (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
}
const FLAG: Kind = { rule: 'true or false', read: parseFlag }
const TEXT: Kind = { rule: 'a text', read: (text) => text }

interface Variable {
  readonly kind: Kind
  /** The names from the configuration to the field. */
  readonly path: readonly string[]
}

const DURATION_VARIABLES = Object.entries({
  BASIC_OPS: 'basicOperations',
  MEMORY_CACHE: 'memoryCache',
  COMPRESSION: 'compression',
}).flatMap(([name, group]) =>
  Object.entries({ AVG: 'avgMs', P95: 'p95Ms', P99: 'p99Ms' }).map(([limit, field]) => [
    `THRESHOLD_${name}_${limit}_MS`,
    { kind: NUMBER, path: ['thresholds', group, field] },
  ]),
)

const ALERT_VARIABLES = Object.entries({
  MEMORY_USAGE_WARNING_MB: ['memoryUsageMb', 'warning'],
  MEMORY_USAGE_CRITICAL_MB: ['memoryUsageMb', 'critical'],
  REGRESSION_WARNING_PCT: ['regressionPercent', 'warning'],
  REGRESSION_CRITICAL_PCT: ['regressionPercent', 'critical'],
  SUCCESS_RATE_WARNING: ['successRatePercent', 'warning'],
  SUCCESS_RATE_CRITICAL: ['successRatePercent', 'critical'],
}).map(([name, path]) => [`THRESHOLD_${name}`, { kind: NUMBER, path: ['thresholds', ...path] }])

/** Every variable, by its name without the prefix. */
const VARIABLES: ReadonlyMap<string, Variable> = new Map(
  Object.entries({
    DEFAULT_ITERATIONS: { kind: NUMBER, path: ['defaultIterations'] },
    WARMUP_ITERATIONS: { kind: NUMBER, path: ['warmupIterations'] },
    TIMEOUT_SECONDS: { kind: NUMBER, path: ['timeoutSeconds'] },
    ENABLE_MEMORY_TRACKING: { kind: FLAG, path: ['enableMemoryTracking'] },
    ENABLE_COMPRESSION_TESTS: { kind: FLAG, path: ['enableCompressionTests'] },
    ENVIRONMENT: { kind: TEXT, path: ['environment'] },
    ...Object.fromEntries(DURATION_VARIABLES),
    ...Object.fromEntries(ALERT_VARIABLES),
  }),
)

/** Variables of the reporter, which a configuration ignores. */
const OTHER_VARIABLES = new Set(['REPORT_FORMAT'])

/**
 * Reads the options of a configuration from variables.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that lists every variable that is wrong or misspelled
 */
export function environmentOptions(
  variables: Readonly<Record<string, string | undefined>>,
): BenchmarkConfigOptions {
  const options: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, written] of Object.entries(variables)) {
    const text = written?.trim() ?? ''
    const short = name.slice(PREFIX.length)
    if (!name.startsWith(PREFIX) || text === '' || OTHER_VARIABLES.has(short)) continue
    const variable = VARIABLES.get(short)
    if (variable === undefined) {
      const nearest = nearestName(short, VARIABLES.keys())
      // A variable without a similar name belongs to another program.
      if (nearest !== undefined) {
        problems.push(`${name} is unknown. Did you mean ${PREFIX}${nearest}?`)
      }
      continue
    }
    const value = variable.kind.read(text)
    if (value === undefined) problems.push(`${name} must be ${variable.kind.rule}`)
    else setAt(options, variable.path, value)
  }
  if (problems.length > 0) {
    throw new ConfigurationError(`the environment is invalid: ${problems.join('; ')}`, {
      code: 'INVALID_OPTION',
      context: { problems },
    })
  }
  const environment = options['environment']
  const isPreset = typeof environment === 'string' && Object.hasOwn(PRESETS, environment)
  return isPreset ? { ...options, preset: environment as PresetName } : options
}

function setAt(
  target: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    target[name] = value
    return
  }
  target[name] ??= {}
  setAt(target[name] as Record<string, unknown>, rest, value)
}
