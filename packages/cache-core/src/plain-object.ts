import { dataKindOf } from './data-kind.js'

/** Whether a value is a plain object of any realm, as `{}` or `Object.create(null)` makes it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && dataKindOf(value) === 'plain'
}
