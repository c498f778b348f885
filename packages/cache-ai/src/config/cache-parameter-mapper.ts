import { isDeepStrictEqual } from 'node:util'
import { describeType } from '@verbatim/cache-core'
import { REDIS_CACHE_OPTIONS } from '@verbatim/cache-redis'
import { camelCaseOf } from '../compatibility/snake-case.js'
import { configSchema } from './config-schema.js'
import { type ConfigName, FIELD_NAMES, fieldNamed } from './config-values.js'
import { configurationError } from './problems.js'
import { validateConfig } from './validate-config.js'
import { ValidationResult } from './validation-result.js'

/** Settings by their names, as somebody has written them. */
export type Parameters = Readonly<Record<string, unknown>>

export interface MappedParameters {
  /** What a `GenericRedisCache` takes. */
  readonly generic: Parameters
  /** What only an `AIResponseCache` takes, and what neither knows. */
  readonly ai: Parameters
}

export interface ParameterInfo {
  readonly aiSpecific: readonly string[]
  readonly generic: readonly string[]
  /** Old names, and what they are now. */
  readonly mappings: Readonly<Record<string, string>>
  /** What each may be. */
  readonly validationRules: Readonly<Record<string, string>>
  readonly totalParameters: number
}

const AI_SPECIFIC: readonly ConfigName[] = [
  'hashAlgorithm',
  'keyStyle',
  'operationTtls',
  'textHashThreshold',
  'textSizeTiers',
]
const MONITOR = 'performanceMonitor'
const OLD_NAME = 'memoryCacheSize'
const MAPPINGS: Readonly<Record<string, ConfigName>> = { ...FIELD_NAMES, [OLD_NAME]: 'l1CacheSize' }
const GENERIC: readonly string[] = REDIS_CACHE_OPTIONS.toSorted()

/**
 * Parts the settings of an AI cache from those of the cache underneath, and brings old names and the
 * names of files (`memory_cache_size`) to those that options have.
 */
export class CacheParameterMapper {
  /**
   * A size without `enableL1Cache` switches the memory tier on; what is unknown goes to the AI cache.
   *
   * @throws ConfigurationError for what is no object, and for a setting that is given twice and not
   * the same
   */
  mapAiToGenericParams(parameters: Parameters): MappedParameters {
    const result = new ValidationResult()
    const named = namedAnew(parameters, result)
    if (!result.isValid) throw configurationError('the parameters', result.errors)
    if (named.has('l1CacheSize') && !named.has('enableL1Cache')) named.set('enableL1Cache', true)
    const isGeneric = ([name]: readonly [string, unknown]): boolean => GENERIC.includes(name)
    return {
      generic: Object.fromEntries([...named].filter(isGeneric)),
      ai: Object.fromEntries([...named].filter((entry) => !isGeneric(entry))),
    }
  }

  /** Tells what is wrong with settings, also taken together. Never throws. */
  validateParameterCompatibility(parameters: Parameters): ValidationResult {
    const result = new ValidationResult()
    const named = namedAnew(parameters, result)
    const values = new Map<string, unknown>()
    for (const [name, value] of named) {
      if (GENERIC.includes(name)) result.genericParams.add(name)
      else result.aiSpecificParams.add(name)
      if (isField(name)) values.set(name, value)
      else if (!GENERIC.includes(name)) result.addWarning(name, 'there is no such parameter')
      else if (name === MONITOR && !isMonitor(value)) {
        result.addError(name, 'allowed: a monitor of caches')
      }
    }
    const checked = validateConfig(Object.fromEntries(values))
    for (const { path, message } of checked.errors) result.addError(path, message)
    for (const { path, message } of checked.warnings) result.addWarning(path, message)
    for (const { path, message } of checked.recommendations) {
      // Who gives some parameters only has no need to give the table.
      if (path !== 'operationTtls') result.addRecommendation(path, message)
    }
    if (values.get('compressionThreshold') === 0) {
      result.addWarning('compressionThreshold', 'of 0 compresses whatever there is')
    }
    return result
  }

  getParameterInfo(): ParameterInfo {
    const rules = [...AI_SPECIFIC, ...GENERIC].filter(isField).map((name) => [name, ruleOf(name)])
    return {
      aiSpecific: AI_SPECIFIC,
      generic: GENERIC,
      mappings: MAPPINGS,
      validationRules: Object.fromEntries(rules),
      totalParameters: AI_SPECIFIC.length + GENERIC.length,
    }
  }
}

/** By the names that options have. */
function namedAnew(parameters: unknown, result: ValidationResult): Map<string, unknown> {
  const named = new Map<string, unknown>()
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    result.addError('', `the parameters are ${describeType(parameters)}; allowed: an object`)
    return named
  }
  for (const [written, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    const name = optionNamed(written)
    if (named.has(name) && !isDeepStrictEqual(named.get(name), value)) {
      result.addConflict(written, `is ${name} once more, and not the same`)
    }
    if (written === OLD_NAME || written === 'memory_cache_size') {
      result.addRecommendation(written, `is an old name of ${name}`)
    }
    named.set(name, value)
  }
  return named
}

function optionNamed(written: string): string {
  const field = written === OLD_NAME ? MAPPINGS[OLD_NAME] : fieldNamed(written)
  if (field !== undefined) return field
  const name = camelCaseOf(written)
  return name !== undefined && GENERIC.includes(name) ? name : written
}

function isField(name: string): name is ConfigName {
  return Object.values(FIELD_NAMES).some((field) => field === name)
}

function isMonitor(value: unknown): boolean {
  return typeof (Object(value) as { observeOperation?: unknown }).observeOperation === 'function'
}

/** The schema's own words. */
function ruleOf(name: ConfigName): string {
  const { error } = configSchema.safeParse({ [name]: Symbol(name) })
  return error?.issues.map(({ message }) => message).join('; ') ?? ''
}
