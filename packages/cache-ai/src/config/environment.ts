import { ConfigurationError } from '@verbatim/cache-core'
import { describeType, parseFlag } from '@verbatim/cache-core/implement'
import { problemOfJson } from './json-file.js'
import { assertFields, type ConfigProblem, configurationError } from './problems.js'
import {
  CODE_ONLY_NAMES,
  type ConfigName,
  type ConfigValues,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  upperCaseOf,
} from './settings.js'
import { isForeignVariable, nearestVariable } from './unknown-variables.js'
import { CODE_ONLY_MESSAGE, dotted, type FieldPath, problemsOf } from './validate-config.js'

/** The value that a variable sets. */
interface Variable {
  /** The names from the configuration to the value. */
  readonly path: readonly [setting: string, inside?: string]
  /** Turns the text of the variable into the value. */
  readonly read: (text: string) => unknown
}

const READERS: Readonly<Record<Setting['kind'], (text: string) => unknown>> = {
  integer: number,
  choice: unchanged,
  text: unchanged,
  flag,
  ttl: number,
  ttls: json,
  url: unchanged,
  urls: list,
  object: json,
}

/** Stands for a text that must be JSON and is not. */
class BadJson {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Every variable, by its name without the prefix. */
const VARIABLES: ReadonlyMap<string, Variable> = new Map([
  ['PRESET', { path: ['preset'], read: unchanged }],
  ...SETTING_NAMES.flatMap(variablesOf),
])

const CODE_ONLY_VARIABLES = new Set(CODE_ONLY_NAMES.map(upperCaseOf))

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
    const text = textOf(written)
    const name = withoutPrefix(prefix, variable) ?? ofMisspelledPrefix(prefix, variable)
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

/** Sets the value of a variable. Returns the problem that prevents it. */
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

/**
 * Returns the problem of an unknown variable that looks misspelled. A variable of a deployment, such as
 * `AI_CACHE_VERSION`, does not.
 */
function misspelling(name: string, prefix: string): string | undefined {
  if (CODE_ONLY_VARIABLES.has(name)) return CODE_ONLY_MESSAGE
  // Without a prefix, every variable of the process would be compared.
  if (prefix === '') return undefined
  const nearest = nearestVariable(name, [...VARIABLES.keys()])
  return nearest === undefined ? undefined : `is unknown. Did you mean ${prefix}${nearest}?`
}

/** Returns the name of a variable without the prefix, in any case of letters. */
function withoutPrefix(prefix: string, variable: string): string | undefined {
  const isPrefixed = variable.toLowerCase().startsWith(prefix.toLowerCase())
  return isPrefixed ? variable.slice(prefix.length) : undefined
}

/** Returns `DEFAULT_TTL` for `AICACHE_DEFAULT_TTL`, where only the separators of a known name differ. */
function ofMisspelledPrefix(prefix: string, variable: string): string | undefined {
  if (prefix === '') return undefined
  const written = withoutSeparators(variable)
  if (!written.startsWith(withoutSeparators(prefix))) return undefined
  return [...VARIABLES.keys()].find((name) => withoutSeparators(`${prefix}${name}`) === written)
}

function withoutSeparators(name: string): string {
  return name.toUpperCase().replaceAll(/[-_.]/g, '')
}

/**
 * Returns the text of a variable without quotes around it, which Docker's files of variables keep.
 *
 * @returns `''` for an unset variable, and `undefined` for a value that is not a string
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

/** Returns the variable that sets a part of a setting. */
function partOf(variables: ReadonlyMap<string, string>, field: string): string | undefined {
  return [...variables].find(([place]) => place.startsWith(`${field}.`))?.[1]
}

function variablesOf(name: ConfigName): [variable: string, Variable][] {
  const setting = SETTINGS[name]
  const names = setting.pythonName === undefined ? [name] : [name, setting.pythonName]
  const whole = names.map((each): [string, Variable] => {
    return [upperCaseOf(each), { path: [name], read: READERS[setting.kind] }]
  })
  if (setting.kind !== 'object') return whole
  const nested = Object.entries(setting.fields).map(([inside, { kind }]): [string, Variable] => {
    return [
      `${upperCaseOf(name)}_${upperCaseOf(inside)}`,
      { path: [name, inside], read: READERS[kind] },
    ]
  })
  return [...whole, ...nested]
}

function unchanged(text: string): string {
  return text
}

/** Returns a text that is not a number unchanged. The schema rejects it. */
function number(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** Returns a text that is neither true nor false unchanged. The schema rejects it. */
function flag(text: string): unknown {
  return parseFlag(text) ?? text
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
