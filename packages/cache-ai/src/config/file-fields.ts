import { describeType } from '@verbatim/cache-core/implement'
import { type ConfigProblem, configurationError, isFieldsObject } from './problems.js'
import {
  type ConfigValues,
  camelCaseOf,
  isSetting,
  SETTINGS,
  settingNamed,
  snakeCaseOf,
} from './settings.js'
import { dotted, type FieldPath, type Notation, problemsOf } from './validate-config.js'

/** A place in a file. Both numbers count from 1. */
export interface FilePlace {
  readonly line: number
  readonly column: number
}

/** The place of a field or a list item in a file, and the places of the values inside it. */
export class FileNode {
  readonly #place: FilePlace
  readonly #inside = new Map<PropertyKey, FileNode>()

  constructor(place: FilePlace) {
    this.#place = place
  }

  /**
   * Adds a field or an item.
   *
   * @returns the place of an earlier one with the same name, or `undefined`
   */
  add(name: PropertyKey, node: FileNode): FilePlace | undefined {
    const earlier = this.#inside.get(name)
    if (earlier !== undefined) return earlier.#place
    this.#inside.set(name, node)
    return undefined
  }

  /** Returns the place of a value. For a value that is absent, returns the place that should hold it. */
  locate(path: FieldPath): FilePlace {
    const [name, ...rest] = path
    const inside = name === undefined ? undefined : this.#inside.get(name)
    return inside === undefined ? this.#place : inside.locate(rest)
  }
}

/** Returns the problem of a name that a file uses twice. */
export function repeatedField(
  path: FieldPath,
  place: FilePlace,
  earlier: FilePlace,
): ConfigProblem {
  return { path: dotted(path), message: `is set twice, first on line ${earlier.line}`, ...place }
}

/** Returns the place of a value in a file, by the names that the file uses. */
type Locate = (path: FieldPath) => Pick<ConfigProblem, 'line' | 'column'>

/**
 * Reads fields whose names are in snake case or camel case.
 *
 * @param source - the subject of the error, such as the name of a file
 * @throws ConfigurationError that lists every problem, by the names that were written
 */
export function readFields(
  fields: unknown,
  source: string,
  locate: Locate = () => ({}),
): ConfigValues {
  if (!isFieldsObject(fields)) {
    const received = fields === undefined || fields === null ? 'nothing' : describeType(fields)
    const message = `the content must be a mapping of fields to values; received ${received}`
    throw configurationError(source, [{ path: '', message }])
  }
  const values = new Map<string, unknown>()
  const written = new Map<string, string>()
  const problems: ConfigProblem[] = []
  for (const [name, value] of Object.entries(fields)) {
    const setting = settingNamed(name) ?? name
    const earlier = written.get(setting)
    if (earlier === undefined) {
      values.set(setting, insideOf(setting, value, written))
      written.set(setting, name)
    } else {
      const message = `sets the same field as ${earlier}`
      problems.push({ path: dotted([name]), message, ...locate([name]) })
    }
  }
  const given: ConfigValues = Object.fromEntries(values)
  problems.push(...problemsOf(given, notationOf(written, locate)))
  if (problems.length > 0) throw configurationError(source, problems)
  return given
}

/** Returns the value of a setting, with the names of options for the fields in it. */
function insideOf(setting: string, value: unknown, written: Map<string, string>): unknown {
  const known = isSetting(setting) ? SETTINGS[setting] : undefined
  if (known?.kind !== 'object' || !isFieldsObject(value)) return value
  const fields = Object.entries(value).map(([name, inside]) => {
    const field = camelCaseOf(name) ?? name
    // A field that is written twice keeps its own name, and so is an unknown field.
    if (!Object.hasOwn(known.fields, field) || Object.hasOwn(value, field)) return [name, inside]
    written.set(`${setting}.${field}`, name)
    return [field, inside]
  })
  return Object.fromEntries(fields) as unknown
}

function notationOf(written: ReadonlyMap<string, string>, locate: Locate): Notation {
  const isCamelCase = [...written.values()].some((name) => /^[a-z]+[A-Z]/.test(name))
  return {
    nameOf: (option) => written.get(option) ?? (isCamelCase ? option : snakeCaseOf(option)),
    placeOf([setting, ...inside]) {
      const [field, ...rest] = inside
      const fieldName = written.get(`${String(setting)}.${String(field)}`) ?? field
      const names = fieldName === undefined ? [] : [fieldName, ...rest]
      const path = [written.get(String(setting)) ?? String(setting), ...names]
      return { path: dotted(path), ...locate(path) }
    },
  }
}
