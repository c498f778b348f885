import { isError } from '@verbatim/cache-core/implement'

/** The kind of an error. Its message could show part of a value: that of JSON's syntax errors does. */
export function failureOf(error: unknown): string {
  if (!isError(error)) return 'unknown'
  return 'code' in error ? String(error.code) : error.name
}
