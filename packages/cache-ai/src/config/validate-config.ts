import { describeType, nearestName, toMilliseconds } from '@verbatim/cache-core/implement'
import { LONGEST_OPERATION } from '../arguments.js'
import { DEFAULT_OPERATION_TTLS } from '../operation-ttls.js'
import { configSchema } from './config-schema.js'
import type { ConfigValues } from './config-values.js'
import { CODE_ONLY, FIELD_NAMES, FIELDS, type FieldName, isCodeOnly, LOCATIONS } from './fields.js'
import { withDefaults, withPreset } from './presets.js'
import type { ConfigProblem } from './problems.js'
import { ValidationResult } from './validation-result.js'

const LONG_TTL_MS = 86_400_000
const SHOWN_NAME = /^[\w.-]{1,64}$/

/** From the whole configuration to a value inside it. */
export type FieldPath = readonly PropertyKey[]

/** How a configuration was written: what its fields are called there. */
export interface Notation {
  /** Returns the written name of an option, to suggest. */
  nameOf(option: string): string
  /** Returns what a problem with a value is reported with. */
  placeOf(path: FieldPath): Pick<ConfigProblem, 'path' | 'line' | 'column'>
}

/** Options under their own names, as in code. */
const OPTION_NAMES: Notation = {
  nameOf: (option) => option,
  placeOf: (path) => ({ path: dotted(path) }),
}

/** Returns `textSizeTiers.small`, `cluster.urls[0]`. */
export function dotted(path: FieldPath): string {
  const [first = '', ...rest] = path
  const inside = rest.map((part) => (typeof part === 'number' ? `[${part}]` : `.${shown(part)}`))
  return `${shown(first)}${inside.join('')}`
}

/** A name that is no word may be a value that was written in the wrong place. */
function shown(name: PropertyKey): string {
  const text = String(name)
  return SHOWN_NAME.test(text) ? text : '(a name with other characters)'
}

/** Finds everything that makes fields unusable. Never throws. */
export function problemsOf(given: unknown, notation: Notation = OPTION_NAMES): ConfigProblem[] {
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
  return [...problems, ...conflictsOf(given as ConfigValues, notation)]
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
  const known =
    field === undefined ? [...FIELD_NAMES, 'preset'] : Object.keys(FIELDS[field as FieldName])
  const nearest = nearestName(key, known)
  if (nearest === undefined) return 'is unknown'
  const suggestion = field === undefined ? notation.nameOf(nearest) : nearest
  return `is unknown. Did you mean ${suggestion}?`
}

export const CODE_ONLY_MESSAGE: string = `can only be set in code; pass ${Object.keys(CODE_ONLY).join(', ')} to AIResponseCache beside config.toCacheOptions()`

function valueAt(whole: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, name) => Reflect.get(Object(value), name), whole)
}

function describeReceived(value: unknown): string {
  if (value === undefined) return 'nothing'
  return value === '' ? 'an empty string' : describeType(value)
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

function warningsOf(values: ConfigValues): ConfigProblem[] {
  const known = Object.keys(DEFAULT_OPERATION_TTLS)
  const unknown = Object.keys(values.operationTtls ?? {}).filter((name) => !known.includes(name))
  const hasUselessSize = values.enableL1Cache === false && values.l1CacheSize !== undefined
  return [
    ...unknown.map((name) => {
      return { path: `operationTtls.${name}`, message: `is not one of ${known.join(', ')}` }
    }),
    ...(hasUselessSize
      ? [{ path: 'l1CacheSize', message: 'has no effect while enableL1Cache is false' }]
      : []),
  ]
}

function recommendationsOf(given: ConfigValues): ConfigProblem[] {
  const values = withDefaults(given)
  const advice: readonly (readonly [boolean, keyof ConfigValues, string])[] = [
    [
      values.compressionThreshold > 10_000,
      'compressionThreshold',
      'is high: smaller values stay uncompressed',
    ],
    [
      values.compressionLevel > 7,
      'compressionLevel',
      'is high: it saves little space for much time',
    ],
    [
      values.textHashThreshold !== values.compressionThreshold,
      'textHashThreshold',
      'differs from compressionThreshold: long texts mostly have long responses',
    ],
    [values.l1CacheSize > 500, 'l1CacheSize', 'is high: check that the memory suffices'],
    [
      toMilliseconds(values.defaultTtl, 'defaultTtl') > LONG_TTL_MS,
      'defaultTtl',
      'is more than a day: responses may be outdated',
    ],
    [
      withPreset(given).operationTtls === undefined,
      'operationTtls',
      'is not set: operations have the default TTLs',
    ],
  ]
  return advice.filter(([holds]) => holds).map(([, path, message]) => ({ path, message }))
}
