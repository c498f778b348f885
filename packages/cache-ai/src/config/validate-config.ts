import { describeType, nearestName, toMilliseconds } from '@verbatim/cache-core/implement'
import { LONGEST_OPERATION } from '../arguments.js'
import { DEFAULT_OPERATION_TTLS } from '../operation-ttls.js'
import { configSchema } from './config-schema.js'
import { withDefaults, withPreset } from './presets.js'
import { type ConfigProblem, sentenceOf, ValidationResult } from './problems.js'
import {
  CODE_ONLY_NAMES,
  type CompleteConfig,
  type ConfigValues,
  isCodeOnly,
  isSetting,
  LOCATIONS,
  SETTING_NAMES,
  SETTINGS,
} from './settings.js'

/** The names that lead from the whole configuration to a value inside it. */
export type FieldPath = readonly PropertyKey[]

/** The names that the author of a configuration used. */
export interface Notation {
  /** Returns the written name of an option, to suggest it. */
  nameOf(option: string): string
  /** Returns the location of a value, to report it. */
  placeOf(path: FieldPath): Pick<ConfigProblem, 'path' | 'line' | 'column'>
}

/** The names of options, as in code. */
const OPTION_NOTATION: Notation = {
  nameOf: (option) => option,
  placeOf: (path) => ({ path: dotted(path) }),
}

const SHOWN_NAME = /^[\w.-]{1,64}$/

/** Returns `textSizeTiers.small` or `cluster.urls[0]`. */
export function dotted(path: FieldPath): string {
  const [first = '', ...rest] = path
  const inside = rest.map((part) => (typeof part === 'number' ? `[${part}]` : `.${shown(part)}`))
  return `${shown(first)}${inside.join('')}`
}

/** Hides a name that is not a word, because it may be a value in the wrong place. */
function shown(name: PropertyKey): string {
  const text = String(name)
  return SHOWN_NAME.test(text) ? text : '(a name with other characters)'
}

/** Checks fields by the names of options. Never throws. */
export function validateConfig(given: ConfigValues): ValidationResult {
  const result = new ValidationResult()
  result.errors.push(...problemsOf(given))
  if (!result.isValid) return result
  result.warnings.push(...warningsOf(withPreset(given)))
  result.recommendations.push(...recommendationsOf(given))
  return result
}

/** Returns every problem that makes fields unusable. Never throws. */
export function problemsOf(given: unknown, notation: Notation = OPTION_NOTATION): ConfigProblem[] {
  const { error } = configSchema.safeParse(given)
  const problems = (error?.issues ?? []).flatMap((issue): ConfigProblem[] => {
    if (issue.code === 'invalid_key') {
      const message = `must be named with 1 to ${LONGEST_OPERATION} characters`
      return [problemAt(issue.path, message, notation)]
    }
    if (issue.code !== 'unrecognized_keys') {
      const received = describeReceived(valueAt(given, issue.path))
      const message = `must be ${issue.message}; received ${received}`
      return [problemAt(issue.path, message, notation)]
    }
    return issue.keys.map((key) => {
      const message = unknownField(key, issue.path, notation)
      return problemAt([...issue.path, key], message, notation)
    })
  })
  // A huge number breaks the rule of an integer twice.
  const unique = new Map(problems.map((problem) => [sentenceOf(problem), problem]))
  return [...unique.values(), ...conflictsOf(given as ConfigValues, notation)]
}

function conflictsOf(given: ConfigValues, notation: Notation): ConfigProblem[] {
  const [first, ...others] = LOCATIONS.filter((name) => given?.[name] !== undefined)
  return others.map((name) => {
    const message = `conflicts with ${notation.nameOf(first ?? '')}: only one of them can be set`
    return problemAt([name], message, notation)
  })
}

function problemAt(path: FieldPath, message: string, notation: Notation): ConfigProblem {
  return { ...notation.placeOf(path), message }
}

function unknownField(key: string, [field]: FieldPath, notation: Notation): string {
  if (field === undefined && isCodeOnly(key)) return CODE_ONLY_MESSAGE
  const nearest = nearestName(key, field === undefined ? TOP_NAMES : namesInside(String(field)))
  if (nearest === undefined) return 'is unknown'
  const suggestion = field === undefined ? notation.nameOf(nearest) : nearest
  return `is unknown. Did you mean ${suggestion}?`
}

const TOP_NAMES: readonly string[] = [...SETTING_NAMES, 'preset']

function namesInside(name: string): string[] {
  const setting = isSetting(name) ? SETTINGS[name] : undefined
  return setting?.kind === 'object' ? Object.keys(setting.fields) : []
}

export const CODE_ONLY_MESSAGE: string = `can only be set in code; pass ${CODE_ONLY_NAMES.join(', ')} to AIResponseCache beside config.toCacheOptions()`

function valueAt(whole: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, name) => Reflect.get(Object(value), name), whole)
}

function describeReceived(value: unknown): string {
  if (value === undefined) return 'nothing'
  return value === '' ? 'an empty string' : describeType(value)
}

function warningsOf({ operationTtls, enableL1Cache, l1CacheSize }: ConfigValues): ConfigProblem[] {
  const known = Object.keys(DEFAULT_OPERATION_TTLS)
  const unknown = Object.keys(operationTtls ?? {}).filter((name) => !known.includes(name))
  const warnings = unknown.map((name) => {
    return { path: `operationTtls.${name}`, message: `is not one of ${known.join(', ')}` }
  })
  if (enableL1Cache === false && l1CacheSize !== undefined) {
    warnings.push({ path: 'l1CacheSize', message: 'has no effect while enableL1Cache is false' })
  }
  return warnings
}

const DAY_MS = 86_400_000
/** The default of `textHashThreshold`, in code points. */
const SMALL_TEXT = 1_000

/** Advice on one setting, and when to give it. */
type Advice = {
  readonly [Name in keyof CompleteConfig]?: readonly [
    applies: (value: CompleteConfig[Name], set: ConfigValues) => boolean,
    message: string,
  ]
}

const ADVICE: Advice = {
  compressionThreshold: [(bytes) => bytes > 10_000, 'is high: smaller values stay uncompressed'],
  compressionLevel: [(level) => level > 7, 'is high: it saves little space for much time'],
  textHashThreshold: [
    // Without its default, which is higher: compression of small values takes more time than it is worth.
    (codePoints, set) => codePoints !== (set.compressionThreshold ?? SMALL_TEXT),
    'differs from compressionThreshold: long texts mostly have long responses',
  ],
  l1CacheSize: [(entries) => entries > 500, 'is high: check that the memory suffices'],
  defaultTtl: [
    (ttl) => toMilliseconds(ttl, 'defaultTtl') > DAY_MS,
    'is more than a day: responses may be outdated',
  ],
}

function recommendationsOf(given: ConfigValues): ConfigProblem[] {
  const config = withDefaults(given)
  const set = withPreset(given)
  const recommendations = Object.entries(ADVICE)
    .filter(([name, [applies]]) => applies(config[name as never], set))
    .map(([path, [, message]]) => ({ path, message }))
  if (set.operationTtls === undefined) {
    const message = 'is not set: operations have the default TTLs'
    recommendations.push({ path: 'operationTtls', message })
  }
  return recommendations
}
