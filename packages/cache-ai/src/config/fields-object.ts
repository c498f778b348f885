import { invalidSetting } from '../arguments.js'

/** Whether a value is an object with fields. A `Map` or an array has items instead. */
export function isFieldsObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}

/** @throws ConfigurationError (`INVALID_OPTION`) that names the argument */
export function assertFields(value: unknown, argument: string, rule: string): void {
  if (!isFieldsObject(value)) throw invalidSetting(argument, rule, value)
}
