import { isDeepStrictEqual } from 'node:util'
import { describeType, hasMethod, nearestName } from '@verbatim/cache-core/implement'
import { ruleOf } from '../config/config-schema.js'
import { configurationError, isFieldsObject, ValidationResult } from '../config/problems.js'
import {
  camelCaseOf,
  FILE_NAMES,
  GENERIC_NAMES,
  isSetting,
  OPTION_NAMES,
  SETTINGS,
  settingNamed,
} from '../config/settings.js'
import { validateConfig } from '../config/validate-config.js'

/** Settings by any of their names. */
export type Parameters = Readonly<Record<string, unknown>>

export interface MappedParameters {
  /** The options of a `GenericRedisCache`. */
  readonly generic: Parameters
  /** The options that only an `AIResponseCache` has, and unknown ones. */
  readonly ai: Parameters
}

export interface ParameterInfo {
  /** The options that only an `AIResponseCache` has. */
  readonly aiSpecific: readonly string[]
  /** The options of a `GenericRedisCache`. */
  readonly generic: readonly string[]
  /** The option for each name in a file and each name of the Python version. */
  readonly mappings: Readonly<Record<string, string>>
  /** The rule of each setting, such as `'an integer from 1 to 9'`. */
  readonly validationRules: Readonly<Record<string, string>>
  readonly totalParameters: number
}

const MONITOR = 'performanceMonitor'
const GENERIC: readonly string[] = [...GENERIC_NAMES].toSorted()
const AI_SPECIFIC: readonly string[] = [...OPTION_NAMES]
  .filter((name) => !GENERIC_NAMES.has(name))
  .toSorted()

/**
 * Maps settings of the Python version, such as `memory_cache_size`, to options, and splits the options of a
 * `GenericRedisCache` from the others.
 *
 * @example
 * ```ts
 * const { generic } = new CacheParameterMapper().mapAiToGenericParams({ memory_cache_size: 50 })
 * console.log(generic) // { l1CacheSize: 50, enableL1Cache: true }
 * ```
 */
export class CacheParameterMapper {
  /**
   * Maps every setting to its option. A size without `enableL1Cache` enables the memory tier.
   *
   * @throws ConfigurationError (`INVALID_CONFIGURATION`) for anything but an object, and for a setting
   * with two values
   */
  mapAiToGenericParams(parameters: Parameters): MappedParameters {
    const result = new ValidationResult()
    const options = optionsOf(parameters, result)
    if (!result.isValid) throw configurationError('the set of parameters', result.errors)
    if (options.has('l1CacheSize') && !options.has('enableL1Cache')) {
      options.set('enableL1Cache', true)
    }
    const isGeneric = ([name]: readonly [string, unknown]): boolean => GENERIC_NAMES.has(name)
    return {
      generic: Object.fromEntries([...options].filter(isGeneric)),
      ai: Object.fromEntries([...options].filter((entry) => !isGeneric(entry))),
    }
  }

  /** Checks settings, alone and together. Never throws. */
  validateParameterCompatibility(parameters: Parameters): ValidationResult {
    const result = new ValidationResult()
    const options = optionsOf(parameters, result)
    const values = new Map<string, unknown>()
    for (const [name, value] of options) {
      if (GENERIC_NAMES.has(name)) result.genericParams.add(name)
      else result.aiSpecificParams.add(name)
      if (isSetting(name)) values.set(name, value)
      else if (!GENERIC_NAMES.has(name)) result.addWarning(name, unknownName(name))
      else if (name === MONITOR && !hasMethod(value, 'observeOperation')) {
        result.addError(name, `must be a monitor of caches; received ${describeType(value)}`)
      }
    }
    const checked = validateConfig(Object.fromEntries(values))
    for (const { path, message } of checked.errors) result.addError(path, message)
    for (const { path, message } of checked.warnings) result.addWarning(path, message)
    for (const { path, message } of checked.recommendations) {
      // Parameters without operationTtls are complete.
      if (path !== 'operationTtls') result.addRecommendation(path, message)
    }
    if (values.get('compressionThreshold') === 0) {
      result.addWarning('compressionThreshold', 'is 0: every value is compressed')
    }
    return result
  }

  /** Returns the names and rules of all settings. */
  getParameterInfo(): ParameterInfo {
    const names = [...AI_SPECIFIC, ...GENERIC]
    return {
      aiSpecific: AI_SPECIFIC,
      generic: GENERIC,
      mappings: FILE_NAMES,
      validationRules: Object.fromEntries(
        names.filter(isSetting).map((name) => [name, ruleOf(name)]),
      ),
      totalParameters: names.length,
    }
  }
}

/** Returns settings by the names of options. Adds conflicts and old names to the result. */
function optionsOf(parameters: unknown, result: ValidationResult): Map<string, unknown> {
  const options = new Map<string, unknown>()
  if (!isFieldsObject(parameters)) {
    result.addError('parameters', `must be an object; received ${describeType(parameters)}`)
    return options
  }
  for (const [written, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    const name = optionNamed(written)
    if (options.has(name) && !isDeepStrictEqual(options.get(name), value)) {
      result.addConflict(written, `conflicts with ${name}: both are set, to different values`)
    }
    if (isOldName(written, name)) result.addRecommendation(written, `is an old name of ${name}`)
    options.set(name, value)
  }
  return options
}

function optionNamed(written: string): string {
  const name = settingNamed(written) ?? camelCaseOf(written)
  return name !== undefined && OPTION_NAMES.has(name) ? name : written
}

/** Returns whether a name is that of the Python version, in snake case or camel case. */
function isOldName(written: string, name: string): boolean {
  const pythonName = isSetting(name) ? SETTINGS[name].pythonName : undefined
  return pythonName !== undefined && [written, camelCaseOf(written)].includes(pythonName)
}

function unknownName(name: string): string {
  const nearest = nearestName(name, [...AI_SPECIFIC, ...GENERIC])
  return nearest === undefined ? 'is unknown' : `is unknown. Did you mean ${nearest}?`
}
