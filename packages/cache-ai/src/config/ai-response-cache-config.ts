import { recognizeCopies } from '@verbatim/cache-core/implement'
import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { snakeCaseOf } from '../compatibility/snake-case.js'
import { mergeOperationTtls } from '../operation-ttls.js'
import type { AIResponseCacheOptions } from '../options.js'
import { ruleOf } from './config-schema.js'
import type { ConfigValues, PresetName } from './config-values.js'
import { readEnvironment } from './environment.js'
import { AI_SPECIFIC, FIELD_NAMES } from './fields.js'
import { assertFields } from './fields-object.js'
import { readJsonFile } from './json-file.js'
import { type CompleteConfig, givenOf, mergeFields, withDefaults } from './presets.js'
import { configurationError } from './problems.js'
import { validateConfig } from './validate-config.js'
import type { ValidationResult } from './validation-result.js'
import { readFields } from './written-fields.js'
import { readYamlFile } from './yaml-file.js'

/**
 * The settings of an {@link AIResponseCache}, from a preset, a file, the environment or code.
 *
 * A configuration knows which fields were given, so defaults never override them in a merge.
 */
export class AIResponseCacheConfig {
  static {
    recognizeCopies(this, 'cache-ai/AIResponseCacheConfig')
  }

  /** Private, so that printing a configuration does not show the password of a URL. */
  readonly #given: ConfigValues

  /**
   * Takes any values. {@link AIResponseCacheConfig.validate} reports what is wrong with them.
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

  /** Returns the preset `production`, with a Redis. */
  static production(redisUrl: string): AIResponseCacheConfig {
    assertGiven('redisUrl', redisUrl)
    return new AIResponseCacheConfig({ preset: 'production', redisUrl }).checked()
  }

  /** Returns the preset `ai-development`. */
  static aiDevelopment(): AIResponseCacheConfig {
    return AIResponseCacheConfig.preset('ai-development')
  }

  /** Returns the preset `ai-production`, with a Redis. */
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
   * @param environment - Default: the variables of this process
   * @param prefix - stands before every name, and ends with an underscore. Default: `'AI_CACHE_'`
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every variable that is wrong or
   * misspelled
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

  /** All fields in effect: those given, those of the preset, and defaults. */
  get values(): CompleteConfig {
    return withDefaults(this.given)
  }

  /**
   * Returns a configuration in which the fields that `other` gives win, operation by operation.
   *
   * A field wins over any preset. A preset of `other` replaces the preset of this one. A location of
   * Redis replaces any other location.
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
    return Object.fromEntries(options.filter(([name]) => !Object.hasOwn(AI_SPECIFIC, name)))
  }

  /** Returns the fields in effect as plain data for a file. It holds the URL with its password. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { values } = this
    const operationTtls = Object.fromEntries(mergeOperationTtls(values.operationTtls))
    const shown: Readonly<Record<string, unknown>> = { ...values, operationTtls }
    const fields = FIELD_NAMES.filter((name) => shown[name] !== undefined)
    return Object.fromEntries(fields.map((name) => [snakeCaseOf(name), shown[name]]))
  }

  /**
   * Returns this configuration if it is valid.
   *
   * @param what - what the error calls the configuration. Default: `'the configuration'`
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) that lists every problem
   */
  checked(what = 'the configuration'): AIResponseCacheConfig {
    const { errors } = this.validate()
    if (errors.length > 0) throw configurationError(what, errors)
    return this
  }
}

/** Code without types may leave out an argument, and would get the default silently. */
function assertGiven(name: 'preset' | 'redisUrl', value: unknown): void {
  if (value !== undefined) return
  const message = `must be ${ruleOf(name)}; received nothing`
  throw configurationError('the configuration', [{ path: name, message }])
}
