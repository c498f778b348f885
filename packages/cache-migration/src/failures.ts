import { CacheError } from '@verbatim/cache-core'
import { isError, isSystemError } from '@verbatim/cache-core/implement'

/** Number of failed keys that are listed by name. All others are only counted. */
const MAX_LISTED = 100

/** Counts failed keys and lists the first of them. */
export class Failures {
  readonly #listed: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(key: string, error: unknown): void {
    this.addReason(key, explain(error))
  }

  /** Adds a key with a reason that contains no value. */
  addReason(key: string, reason: string): void {
    this.#count++
    if (this.#count > MAX_LISTED) return
    // The quotes escape line feeds and terminal codes in a key.
    this.#listed.push(`key ${JSON.stringify(key)}: ${reason}`)
  }

  list(): string[] {
    return [...this.#listed]
  }
}

/**
 * Returns the message of an error of these packages or of the file system, which never contains a
 * value. Messages of other errors may quote a value, so their name is returned instead.
 */
export function explain(error: unknown): string {
  if (error instanceof CacheError || isSystemError(error)) return error.message
  return isError(error) ? error.name : 'unknown error'
}

/** Returns the `code` of an error of Node, such as `'EEXIST'`. */
export function errorCode(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : undefined
}
