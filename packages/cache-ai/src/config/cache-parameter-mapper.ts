import { isDeepStrictEqual } from 'node:util'
import { describeType, hasMethod, nearestName } from '@verbatim/cache-core/implement'
import { REDIS_CACHE_OPTIONS } from '@verbatim/cache-redis'
import { camelCaseOf, snakeCaseOf } from '../compatibility/snake-case.js'
import { ruleOf } from './config-schema.js'
import {
  AI_SPECIFIC,
  FIELD_NAMES,
  type FieldName,
  fieldNamed,
  MAPPINGS,
  OLD_SIZE_NAME,
} from './fields.js'
import { isFieldsObject } from './fields-object.js'
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

const MONITOR = 'performanceMonitor'
const AI_NAMES: readonly string[] = Object.keys(AI_SPECIFIC).toSorted()
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
    if (!result.isValid) throw configurationError('the set of parameters', result.errors)
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
      else if (!GENERIC.includes(name)) result.addWarning(name, unknownName(name))
      else if (name === MONITOR && !hasMethod(value, 'observeOperation')) {
        result.addError(name, `must be a monitor of caches; received ${describeType(value)}`)
      }
    }
    const checked = validateConfig(Object.fromEntries(values))
    for (const { path, message } of checked.errors) result.addError(path, message)
    for (const { path, message } of checked.warnings) result.addWarning(path, message)
    for (const { path, message } of checked.recommendations) {
      // The table is optional here.
      if (path !== 'operationTtls') result.addRecommendation(path, message)
    }
    if (values.get('compressionThreshold') === 0) {
      result.addWarning('compressionThreshold', 'is 0: every value is compressed')
    }
    return result
  }

  getParameterInfo(): ParameterInfo {
    const rules = [...AI_NAMES, ...GENERIC].filter(isField).map((name) => [name, ruleOf(name)])
    return {
      aiSpecific: AI_NAMES,
      generic: GENERIC,
      mappings: MAPPINGS,
      validationRules: Object.fromEntries(rules),
      totalParameters: AI_NAMES.length + GENERIC.length,
    }
  }
}

/** By the names that options have. */
function namedAnew(parameters: unknown, result: ValidationResult): Map<string, unknown> {
  const named = new Map<string, unknown>()
  if (!isFieldsObject(parameters)) {
    result.addError('parameters', `must be an object; received ${describeType(parameters)}`)
    return named
  }
  for (const [written, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    const name = optionNamed(written)
    if (named.has(name) && !isDeepStrictEqual(named.get(name), value)) {
      result.addConflict(written, `conflicts with ${name}: both are set, to different values`)
    }
    if (written === OLD_SIZE_NAME || written === snakeCaseOf(OLD_SIZE_NAME)) {
      result.addRecommendation(written, `is an old name of ${name}`)
    }
    named.set(name, value)
  }
  return named
}

function optionNamed(written: string): string {
  const name = fieldNamed(written) ?? camelCaseOf(written)
  return name !== undefined && (GENERIC.includes(name) || AI_NAMES.includes(name)) ? name : written
}

function unknownName(name: string): string {
  const nearest = nearestName(name, [...AI_NAMES, ...GENERIC])
  return nearest === undefined ? 'is unknown' : `is unknown. Did you mean ${nearest}?`
}

function isField(name: string): name is FieldName {
  return FIELD_NAMES.some((field) => field === name)
}
