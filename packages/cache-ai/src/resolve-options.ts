import { ConfigurationError, systemClock, type Ttl } from '@verbatim/cache-core'
import {
  assertKnownFields,
  invalidOption,
  isPlainObject,
  MonitorGuard,
} from '@verbatim/cache-core/implement'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import { DEFAULTS, OPTION_NAMES } from './config/settings.js'
import { CacheKeyGenerator } from './keys/cache-key-generator.js'
import { mergeOperationTtls } from './operation-ttls.js'
import type { AIResponseCacheOptions } from './options.js'
import type { ResponseForm } from './response-form.js'
import { monitorsOf, type StatisticsMonitor } from './statistics/statistics-monitor.js'
import type { TextSizeTiers } from './text-size.js'

/** {@link AIResponseCacheOptions}, checked, with the defaults of an AI cache filled in. */
export interface ResolvedOptions {
  readonly ttls: ReadonlyMap<string, Ttl>
  readonly keys: CacheKeyGenerator
  readonly textSizeTiers: TextSizeTiers
  readonly monitor: MonitorGuard
  readonly statistics: StatisticsMonitor
  readonly form: ResponseForm
  /** The options of {@link GenericRedisCache}. */
  readonly generic: GenericRedisCacheOptions
}

/** @throws ConfigurationError or ValidationError that names the option and what it may be */
export function resolveOptions(
  settings: AIResponseCacheOptions | AIResponseCacheConfig,
): ResolvedOptions {
  if (!(settings instanceof AIResponseCacheConfig)) assertOptions(settings)
  const {
    textHashThreshold,
    hashAlgorithm,
    keyStyle,
    keySecret,
    operationTtls = {},
    textSizeTiers = DEFAULTS.textSizeTiers,
    keyPrefix = DEFAULTS.keyPrefix,
    isolation = DEFAULTS.isolation,
    clock = systemClock,
    performanceMonitor: given,
    serialize,
    revive,
    ...others
  } = settings instanceof AIResponseCacheConfig ? settings.checked().toCacheOptions() : settings
  const { name, logger } = others
  const form = checkedForm({ serialize, revive })
  const ttls = mergeOperationTtls(operationTtls)
  new AIResponseCacheConfig({ textSizeTiers }).checked('the options object')
  const { performanceMonitor, statistics } = monitorsOf(given, logger, () => {
    return new CachePerformanceMonitor({ clock, name, logger })
  })
  const monitor = new MonitorGuard(performanceMonitor, logger)
  const keys = new CacheKeyGenerator({
    ...{ textHashThreshold, hashAlgorithm, keyStyle, keySecret, performanceMonitor: monitor },
    // The cache puts its own prefix before every key.
    prefix: '',
  })
  const generic = { ...others, keyPrefix, isolation, clock, performanceMonitor }
  return { ttls, keys, textSizeTiers, monitor, statistics, form, generic }
}

/** @throws ConfigurationError (`INVALID_OPTION`) for anything but an object of known options */
function assertOptions(settings: unknown): void {
  if (isPlainObject(settings)) {
    assertKnownFields(settings, OPTION_NAMES, 'options', ConfigurationError, 'INVALID_OPTION')
    return
  }
  throw invalidOption('options', 'a plain object or an AIResponseCacheConfig', settings)
}

function checkedForm(form: ResponseForm): ResponseForm {
  for (const [name, convert] of Object.entries(form)) {
    if (convert === undefined || typeof convert === 'function') continue
    throw invalidOption(name, 'a function', convert)
  }
  return form
}
