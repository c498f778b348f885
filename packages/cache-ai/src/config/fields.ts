import { describeType } from '@verbatim/cache-core'
import { type ConfigValues, fieldNamed } from './config-values.js'
import { type ConfigProblem, configurationError } from './problems.js'

/**
 * Fields by the names that options have, whichever of their names they came by. Values are as they
 * were; fields that there are not, too, for the schema to refuse.
 *
 * @throws ConfigurationError for what has no fields, and for a field that is given twice
 */
export function fieldsOf(fields: unknown, what: string): ConfigValues {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    const message = `is ${describeType(fields)}; allowed: an object with fields`
    throw configurationError(what, [{ path: '', message }])
  }
  const values = new Map<string, unknown>()
  const problems: ConfigProblem[] = []
  for (const [written, value] of Object.entries(fields)) {
    const name = fieldNamed(written) ?? written
    if (values.has(name)) problems.push({ path: written, message: `is ${name} once more` })
    values.set(name, value)
  }
  if (problems.length > 0) throw configurationError(what, problems)
  return Object.fromEntries(values)
}
