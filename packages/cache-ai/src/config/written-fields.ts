import { describeType } from '@verbatim/cache-core/implement'
import { snakeCaseOf } from '../compatibility/snake-case.js'
import type { ConfigValues } from './config-values.js'
import { fieldNamed } from './fields.js'
import { isFieldsObject } from './fields-object.js'
import { type ConfigProblem, configurationError } from './problems.js'
import { dotted, type FieldPath, type Notation, problemsOf } from './validate-config.js'

/** Returns the line and column of a value in a file, by the names that the file uses. */
export type Locate = (path: FieldPath) => Pick<ConfigProblem, 'line' | 'column'>

/**
 * Reads fields whose names are in snake case or camel case.
 *
 * @param what - what the fields are from, for the error
 * @throws ConfigurationError that lists every problem, by the names that were written
 */
export function readFields(
  fields: unknown,
  what: string,
  locate: Locate = () => ({}),
): ConfigValues {
  if (!isFieldsObject(fields)) {
    const received = fields === undefined || fields === null ? 'nothing' : describeType(fields)
    const message = `the whole must be a mapping of fields to values; received ${received}`
    throw configurationError(what, [{ path: '', message }])
  }
  const values = new Map<string, unknown>()
  const written = new Map<string, string>()
  const problems: ConfigProblem[] = []
  for (const [name, value] of Object.entries(fields)) {
    const field = fieldNamed(name) ?? name
    const earlier = written.get(field)
    if (earlier === undefined) {
      values.set(field, value)
      written.set(field, name)
    } else {
      const message = `sets the same field as ${earlier}`
      problems.push({ path: dotted([name]), message, ...locate([name]) })
    }
  }
  const given: ConfigValues = Object.fromEntries(values)
  problems.push(...problemsOf(given, notationOf(written, locate)))
  if (problems.length > 0) throw configurationError(what, problems)
  return given
}

function notationOf(written: ReadonlyMap<string, string>, locate: Locate): Notation {
  const isCamelCase = [...written.values()].some((name) => /^[a-z]+[A-Z]/.test(name))
  return {
    nameOf: (option) => written.get(option) ?? (isCamelCase ? option : snakeCaseOf(option)),
    placeOf([field, ...inside]) {
      const path = [written.get(String(field)) ?? String(field), ...inside]
      return { path: dotted(path), ...locate(path) }
    },
  }
}
