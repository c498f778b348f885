import { recognizeCopies } from '@verbatim/cache-core/implement'
import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { mergeOperationTtls } from '../operation-ttls.js'
import type { AIResponseCacheOptions } from '../options.js'
import { ruleOf } from './config-schema.js'
import { readEnvironment } from './environment.js'
import { readFields } from './file-fields.js'
import { readJsonFile } from './json-file.js'
import { givenOf, mergeFields, withDefaults } from './presets.js'
import { assertFields, configurationError, type ValidationResult } from './problems.js'
import {
  type CompleteConfig,
  type ConfigValues,
  GENERIC_NAMES,
  type PresetName,
  SETTING_NAMES,
  snakeCaseOf,
} from './settings.js'
import { validateConfig } from './validate-config.js'
import { readYamlFile } from './yaml-file.js'

/**
 * Reads the settings of an {@link AIResponseCache} from a preset, a file, the environment or code.
 *
 * A configuration records which fields were given, so defaults never override them in a merge.
 *
 * @example
 * ```ts
 * const file = await AIResponseCacheConfig.fromYaml('cache.yaml')
 * const config = file.merge(AIResponseCacheConfig.fromEnv())
 * const cache = new AIResponseCache(config)
 * ```
 */
export class AIResponseCacheConfig {
  static {
    recognizeCopies(this, 'cache-ai/AIResponseCacheConfig')
  }

  /** Private, because printing a public field would show the password of a URL. */
  readonly #given: ConfigValues

  /**
   * Accepts any values. {@link AIResponseCacheConfig.validate} reports the problems in them.
   *
   * @param values - fields by the names of options. Default: none
   * @throws ConfigurationError (`INVALID_OPTION`) for anything but an object
   */
  constructor(values: ConfigValues = {}) {
    assertFields(values, 'values', 'an object of fields')
    this.#given = givenOf(values)
  }

  /**
   * Returns a preset. Merge other fields into it.
   *
   * @example
   * ```ts
   * AIResponseCacheConfig.preset('testing').merge({ defaultTtl: '1m' })
   * ```
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) for an unknown name
   */
  static preset(name: PresetName): AIResponseCacheConfig {
    assertGiven('preset', name)
    return new AIResponseCacheConfig({ preset: name }).checked('the preset')
  }

  /** Returns the preset `development`. */
  static development(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('development')
  }

  /** Returns the preset `testing`. */
  static testing(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('testing')
  }

  /** Returns the preset `production` for a Redis server. */
  static production(redisUrl: string): AIResponseCacheConfig {
    assertGiven('redisUrl', redisUrl)
    return new AIResponseCacheConfig({ preset: 'production', redisUrl }).checked()
  }

  /** Returns the preset `ai-development`. */
  static aiDevelopment(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('ai-development')
  }

  /** Returns the preset `ai-production` for a Redis server. */
  static aiProduction(redisUrl: string): AIResponseCacheConfig {
    assertGiven('redisUrl', redisUrl)
    return new AIResponseCacheConfig({ preset: 'ai-production', redisUrl }).checked()
  }

  /**
   * Reads an object with the fields of a file.
   *
   * @param fields - by the names in files (`default_ttl`) or the names of options (`defaultTtl`)
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every problem
   */
  static fromObject(fields: unknown): AIResponseCacheConfig {
    return new AIResponseCacheConfig(readFields(fields, 'the configuration'))
  }

  /**
   * Reads a JSON file of at most 256 KiB.
   *
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every problem with its line
   */
  static async fromJson(path: string): Promise<AIResponseCacheConfig> {
    return new AIResponseCacheConfig(await readJsonFile(path))
  }

  /**
   * Reads a YAML 1.2 file of at most 256 KiB, without aliases and tags.
   *
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every problem with its line
   */
  static async fromYaml(path: string): Promise<AIResponseCacheConfig> {
    return new AIResponseCacheConfig(await readYamlFile(path))
  }

  /**
   * Reads variables such as `AI_CACHE_DEFAULT_TTL` and `AI_CACHE_PRESET`. Blank variables count as
   * unset, and variables of other programs are ignored.
   *
   * @example
   * ```ts
   * AIResponseCacheConfig.fromEnv({ AI_CACHE_DEFAULT_TTL: '5m' }).values.defaultTtl // '5m'
   * ```
   * @param environment - Default: the variables of this process
   * @param prefix - the beginning of every name, ending with an underscore. Default: `'AI_CACHE_'`
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every invalid or misspelled variable
   */
  static fromEnv(
    environment: Readonly<Record<string, string | undefined>> = process.env,
    prefix = 'AI_CACHE_',
  ): AIResponseCacheConfig {
    return new AIResponseCacheConfig(readEnvironment(environment, prefix))
  }

  /** The fields that were given, by the names of options, and the preset. */
  get given(): ConfigValues {
    return this.#given
  }

  /** All settings in effect: the given fields, over those of the preset, over defaults. */
  get values(): CompleteConfig {
    return withDefaults(this.given)
  }

  /**
   * Returns a configuration in which the fields of `other` win, and each of its operation TTLs.
   *
   * A field wins over every preset. The preset of `other` replaces that of this configuration. A location
   * of Redis replaces every other location.
   *
   * @example
   * ```ts
   * config.merge({ redisUrl: 'redis://127.0.0.1:6379', operationTtls: { qa: '10m' } })
   * ```
   */
  merge(other: AIResponseCacheConfig | ConfigValues): AIResponseCacheConfig {
    assertFields(other, 'other', 'a configuration or an object of fields')
    const given = other instanceof AIResponseCacheConfig ? other.given : givenOf(other)
    return new AIResponseCacheConfig(mergeFields(this.given, given))
  }

  /** Reports errors, warnings and recommendations. Never throws. */
  validate(): ValidationResult {
    return validateConfig(this.given)
  }

  /** Returns options for an {@link AIResponseCache}. */
  toCacheOptions(): AIResponseCacheOptions {
    return this.values
  }

  /** Returns options for a `GenericRedisCache`. */
  toGenericCacheOptions(): Omit<GenericRedisCacheOptions, 'performanceMonitor'> {
    const options = Object.entries(this.values)
    return Object.fromEntries(options.filter(([name]) => GENERIC_NAMES.has(name)))
  }

  /** Returns the settings in effect as plain data for a file, with the password of the URL. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { values } = this
    const operationTtls = Object.fromEntries(mergeOperationTtls(values.operationTtls))
    const shown: Readonly<Record<string, unknown>> = { ...values, operationTtls }
    const names = SETTING_NAMES.filter((name) => shown[name] !== undefined)
    return Object.fromEntries(names.map((name) => [snakeCaseOf(name), shown[name]]))
  }

  /**
   * Returns this configuration if it is valid.
   *
   * @param source - the subject of the error's message. Default: `'the configuration'`
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every problem
   */
  checked(source = 'the configuration'): AIResponseCacheConfig {
    const { errors } = this.validate()
    if (errors.length > 0) throw configurationError(source, errors)
    return this
  }
}

/** Rejects a missing argument, because code without types would get the default silently. */
function assertGiven(name: 'preset' | 'redisUrl', value: unknown): void {
  if (value !== undefined) return
  const message = `must be ${ruleOf(name)}; received nothing`
  throw configurationError('the configuration', [{ path: name, message }])
}
