import { ConfigurationError } from '@verbatim/cache-core'
import { describeType } from '@verbatim/cache-core/implement'
import { snakeCaseOf } from '../compatibility/snake-case.js'
import type { ConfigValues } from './config-values.js'
import { CODE_ONLY, FIELD_NAMES, FIELDS, OLD_SIZE_NAME } from './fields.js'
import { assertFields } from './fields-object.js'
import { isForeignVariable } from './foreign-variables.js'
import { problemOfJson } from './json-text.js'
import { nearestVariable } from './nearest-variable.js'
import { type ConfigProblem, configurationError } from './problems.js'
import { CODE_ONLY_MESSAGE, dotted, type FieldPath, problemsOf } from './validate-config.js'

/** What the text of a variable sets. */
interface Variable {
  /** From the configuration to the value. */
  readonly path: readonly [string, string?]
  readonly read: (text: string) => unknown
}

const TRUE = new Set(['true', '1', 'yes', 'on'])
const FALSE = new Set(['false', '0', 'no', 'off'])
const READERS = { text: (text: string) => text, number, flag, list, json }

/** What is wrong with a text that must be JSON. */
class BadJson {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Every variable, by its name behind the prefix. */
const VARIABLES: ReadonlyMap<string, Variable> = new Map([
  ['PRESET', { path: ['preset'], read: READERS.text }],
  ...FIELD_NAMES.flatMap(variablesOf),
  [upperCaseOf(OLD_SIZE_NAME), { path: ['l1CacheSize'], read: READERS.number }],
])

const CODE_ONLY_VARIABLES = new Set(Object.keys(CODE_ONLY).map(upperCaseOf))

/**
 * Reads variables that begin with a prefix. Blank variables count as unset. Variables of other
 * programs are ignored.
 *
 * @throws ConfigurationError that lists every variable that is wrong or misspelled
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): ConfigValues {
  assertFields(environment, 'environment', 'an object of variables')
  assertPrefix(prefix)
  const values = new Map<string, unknown>()
  const variables = new Map<string, string>()
  const problems: ConfigProblem[] = []
  for (const [variable, written] of Object.entries(environment)) {
    const name = nameBehind(prefix, variable)
    const text = textOf(written)
    if (name === undefined || text === '' || isForeignVariable(name, text ?? '')) continue
    const known = variable.startsWith(prefix) ? VARIABLES.get(name) : undefined
    let message: string | undefined
    if (known === undefined) message = misspelling(name, prefix)
    else if (text === undefined) message = `must be a string; received ${describeType(written)}`
    else message = set(known, text, variable, values, variables)
    if (message !== undefined) problems.push({ path: variable, message })
  }
  const given: ConfigValues = Object.fromEntries(values)
  const isUnread = ({ path }: ConfigProblem): boolean => problems.some((each) => each.path === path)
  const placeOf = (path: FieldPath): { path: string } => ({
    path: placeIn(variables, path, prefix),
  })
  const nameOf = (option: string): string => placeIn(variables, [option], prefix)
  problems.push(...problemsOf(given, { nameOf, placeOf }).filter((each) => !isUnread(each)))
  if (problems.length > 0) throw configurationError('the environment', problems)
  return given
}

/** @returns what is wrong with the text or the variable */
function set(
  { path: [field, inside], read }: Variable,
  text: string,
  variable: string,
  values: Map<string, unknown>,
  variables: Map<string, string>,
): string | undefined {
  const place = inside === undefined ? field : `${field}.${inside}`
  const earlier = variables.get(place) ?? (inside === undefined ? undefined : variables.get(field))
  if (earlier !== undefined) return `sets the same field as ${earlier}`
  variables.set(place, variable)
  const value = read(text)
  if (value instanceof BadJson) return value.message
  if (inside === undefined) {
    const nested = partOf(variables, field)
    if (nested !== undefined) return `sets the same field as ${nested}`
    values.set(field, value)
  } else {
    values.set(field, { ...(values.get(field) as object | undefined), [inside]: value })
  }
  return undefined
}

/** Variables of a deployment, such as `AI_CACHE_VERSION`, are not misspellings. */
function misspelling(name: string, prefix: string): string | undefined {
  if (CODE_ONLY_VARIABLES.has(name)) return CODE_ONLY_MESSAGE
  // Without a prefix, every variable of the process would be compared.
  if (prefix === '') return undefined
  const nearest = nearestVariable(name, [...VARIABLES.keys()])
  return nearest === undefined ? undefined : `is unknown. Did you mean ${prefix}${nearest}?`
}

/** @returns the rest of a variable's name; also if the prefix is written in another case */
function nameBehind(prefix: string, variable: string): string | undefined {
  const isOurs = variable.toLowerCase().startsWith(prefix.toLowerCase())
  return isOurs ? variable.slice(prefix.length) : undefined
}

/**
 * Files of variables that Docker reads keep the quotes around a value.
 *
 * @returns `''` for an unset variable, `undefined` for a value that is no string
 */
function textOf(written: unknown): string | undefined {
  if (written === undefined) return ''
  if (typeof written !== 'string') return undefined
  const text = written.trim()
  const [, , quoted] = /^(["'])(.*)\1$/s.exec(text) ?? []
  return quoted === undefined ? text : quoted.trim()
}

function placeIn(
  variables: ReadonlyMap<string, string>,
  [field, inside, ...rest]: FieldPath,
  prefix: string,
): string {
  const name = String(field)
  if (inside === undefined) {
    return variables.get(name) ?? partOf(variables, name) ?? `${prefix}${upperCaseOf(name)}`
  }
  const nested = variables.get(`${name}.${String(inside)}`)
  if (nested !== undefined) return dotted([nested, ...rest])
  const whole = variables.get(name)
  if (whole !== undefined) return dotted([whole, inside, ...rest])
  return dotted([`${prefix}${upperCaseOf(name)}_${String(inside).toUpperCase()}`, ...rest])
}

/** Returns a variable that sets a part of a field. */
function partOf(variables: ReadonlyMap<string, string>, field: string): string | undefined {
  return [...variables].find(([place]) => place.startsWith(`${field}.`))?.[1]
}

function variablesOf(name: keyof typeof FIELDS): [string, Variable][] {
  const [kind, variable] = [FIELDS[name], upperCaseOf(name)]
  if (typeof kind === 'string') return [[variable, { path: [name], read: READERS[kind] }]]
  const nested = Object.entries(kind).map(([inside, each]): [string, Variable] => {
    return [`${variable}_${upperCaseOf(inside)}`, { path: [name, inside], read: READERS[each] }]
  })
  return [[variable, { path: [name], read: READERS.json }], ...nested]
}

function upperCaseOf(option: string): string {
  return snakeCaseOf(option).toUpperCase()
}

/** Leaves a text that is not a number for the schema to refuse. */
function number(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function flag(text: string): unknown {
  const word = text.toLowerCase()
  if (TRUE.has(word)) return true
  return FALSE.has(word) ? false : text
}

function list(text: string): unknown {
  return text.startsWith('[') ? json(text) : text.split(/[\s,]+/).filter((item) => item !== '')
}

function json(text: string): unknown {
  const problem = problemOfJson(text)
  return problem === undefined ? JSON.parse(text) : new BadJson(problem)
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix === 'string' && /^([A-Za-z_][A-Za-z0-9_]*_)?$/.test(prefix)) return
  const received = typeof prefix === 'string' ? 'another string' : describeType(prefix)
  throw new ConfigurationError(
    `prefix must be letters, digits and underscores that end with an underscore, or empty; received ${received}`,
    { code: 'INVALID_OPTION', context: { option: 'prefix' } },
  )
}
