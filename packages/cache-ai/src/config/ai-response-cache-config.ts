import { isPlainObject } from '@verbatim/cache-core'
import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { mergeOperationTtls } from '../operation-ttls.js'
import type { AIResponseCacheOptions } from '../options.js'
import { type ConfigName, type ConfigValues, FIELD_NAMES } from './config-values.js'
import { readEnvironment } from './environment.js'
import { fieldsOf } from './fields.js'
import { parseJson, parseYaml, readConfigFile } from './files.js'
import {
  type CompleteConfig,
  givenOf,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
  withDefaults,
} from './presets.js'
import { configurationError } from './problems.js'
import { validateConfig } from './validate-config.js'
import type { ValidationResult } from './validation-result.js'

/**
 * The settings of an {@link AIResponseCache}, from a preset, a file, the environment or a program.
 *
 * It knows what was given from what is a default, so that merging two never lets a default win.
 */
export class AIResponseCacheConfig {
  /** Hidden from whatever prints the configuration: the URL may hold a password. */
  readonly #given: ConfigValues

  /** Takes anything; {@link AIResponseCacheConfig.validate} tells what is wrong with it. */
  constructor(values: ConfigValues = {}) {
    this.#given = givenOf(values)
  }

  /** A preset, to be merged with what is to be otherwise. */
  static preset(name: PresetName): AIResponseCacheConfig {
    if (PRESET_NAMES.includes(name)) return new AIResponseCacheConfig(PRESETS[name])
    const message = `allowed: ${PRESET_NAMES.join(', ')}`
    throw configurationError('the preset', [{ path: 'name', message }])
  }

  static development(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('development')
  }

  static testing(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('testing')
  }

  static production(redisUrl: string): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('production').merge({ redisUrl }).checked('production')
  }

  static aiDevelopment(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('ai-development')
  }

  static aiProduction(redisUrl: string): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('ai-production')
      .merge({ redisUrl })
      .checked('ai-production')
  }

  /**
   * @param fields - by the names that files use (`default_ttl`) or options have (`defaultTtl`)
   * @throws ConfigurationError that lists everything that is wrong
   */
  static fromObject(fields: unknown): AIResponseCacheConfig {
    return fromFields(fields, 'the configuration')
  }

  /** @throws ConfigurationError for a file that cannot be read, or anything that is wrong in it */
  static async fromJson(path: string): Promise<AIResponseCacheConfig> {
    const what = 'the file of the configuration'
    return fromFields(parseJson(await readConfigFile(path, what), what), what)
  }

  /**
   * Reads YAML 1.2 without aliases and tags.
   *
   * @throws ConfigurationError for a file that cannot be read, or anything that is wrong in it
   */
  static async fromYaml(path: string): Promise<AIResponseCacheConfig> {
    const what = 'the file of the configuration'
    return fromFields(parseYaml(await readConfigFile(path, what), what), what)
  }

  /**
   * Reads variables such as `AI_CACHE_DEFAULT_TTL`; `AI_CACHE_PRESET` names a preset to begin with.
   *
   * @throws ConfigurationError that lists every variable that is wrong, or unknown
   */
  static fromEnv(
    environment: Readonly<Record<string, string | undefined>> = process.env,
    prefix = 'AI_CACHE_',
  ): AIResponseCacheConfig {
    const { preset, values } = readEnvironment(environment, prefix)
    return AIResponseCacheConfig.preset(preset).merge(values)
  }

  /** What was given, by the names that options have. */
  get given(): ConfigValues {
    return this.#given
  }

  /** All settings, with the defaults of those that were not given. */
  get values(): CompleteConfig {
    return withDefaults(this.given)
  }

  /** A configuration in which what the other one gives wins, field by field and operation by operation. */
  merge(other: AIResponseCacheConfig | ConfigValues): AIResponseCacheConfig {
    const given = other instanceof AIResponseCacheConfig ? other.given : givenOf(other)
    const [before, after] = [this.given.operationTtls, given.operationTtls]
    // What is no table at all is for validate() to refuse.
    const isMerged = isPlainObject(before) && isPlainObject(after)
    const tables = isMerged ? { operationTtls: { ...before, ...after } } : {}
    return new AIResponseCacheConfig({ ...this.given, ...given, ...tables })
  }

  /** Tells what is wrong, what is hardly meant so, and what might be better. Never throws. */
  validate(): ValidationResult {
    return validateConfig(this.given)
  }

  /** What an {@link AIResponseCache} takes. */
  toCacheOptions(): AIResponseCacheOptions {
    const { textHashThreshold, hashAlgorithm, keyStyle, operationTtls, textSizeTiers } = this.values
    const ai = { textHashThreshold, hashAlgorithm, keyStyle, operationTtls, textSizeTiers }
    return { ...this.toGenericCacheOptions(), ...ai }
  }

  /** What a `GenericRedisCache` takes. */
  toGenericCacheOptions(): Omit<GenericRedisCacheOptions, 'performanceMonitor'> {
    const { values } = this
    return {
      redisUrl: values.redisUrl,
      defaultTtl: values.defaultTtl,
      enableL1Cache: values.enableL1Cache,
      l1CacheSize: values.l1CacheSize,
      compressionThreshold: values.compressionThreshold,
      compressionLevel: values.compressionLevel,
      commandTimeout: values.commandTimeout,
      onBackendError: values.onBackendError,
    }
  }

  /** Plain data for a file, by the names that files use. Holds the URL, with its password. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { values } = this
    const operationTtls = Object.fromEntries(mergeOperationTtls(values.operationTtls))
    const shown: CompleteConfig = { ...values, operationTtls: operationTtls as never }
    // A field with two names is written by the first.
    const names = new Map<ConfigName, string>()
    for (const [written, name] of Object.entries(FIELD_NAMES)) {
      if (!names.has(name)) names.set(name, written)
    }
    return Object.fromEntries(Array.from(names, ([name, written]) => [written, shown[name]]))
  }

  /**
   * The same, if nothing is wrong with it.
   *
   * @throws ConfigurationError that lists everything that is wrong
   */
  checked(what = 'the configuration'): AIResponseCacheConfig {
    const { errors } = this.validate()
    if (errors.length > 0) throw configurationError(what, errors)
    return this
  }
}

function fromFields(fields: unknown, what: string): AIResponseCacheConfig {
  return new AIResponseCacheConfig(fieldsOf(fields, what)).checked(what)
}
