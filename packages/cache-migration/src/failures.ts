import { CacheError } from '@verbatim/cache-core'
import { isError, isSystemError } from '@verbatim/cache-core/implement'

/** Number of failed keys that are listed by name. All others are only counted. */
const MAX_LISTED = 1_000

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

/** Lines for the errors and the warnings of a result. */
export interface Report {
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** Counts the entries of a cache that cannot be read, and separately the keys that belong to others. */
export class Unreadable {
  readonly entries: Failures
  /** Keys of the store that share the prefix of the cache and are not its entries. */
  readonly foreign: Failures = new Failures()

  /** @param entries - gets the entries. Default: a new list */
  constructor(entries: Failures = new Failures()) {
    this.entries = entries
  }

  add(key: string, error: unknown): void {
    const kind = errorCode(error) === 'FOREIGN_KEY' ? this.foreign : this.entries
    kind.add(key, error)
  }

  /**
   * Returns the lines about foreign keys for the errors and the warnings of a result.
   *
   * @param prefix - the start of the error, such as `'Migration incomplete: '`
   */
  reportForeign(prefix: string, isAllowed: boolean): Report {
    const { count } = this.foreign
    if (count === 0) return { errors: [], warnings: [] }
    const what = `${count} keys under the prefix are not entries of the cache`
    const list = this.foreign.list()
    if (isAllowed) return { errors: [], warnings: [`${what} and were left out`, ...list] }
    const advice = 'allow foreign keys to leave them out, or use all keys of Redis'
    return { errors: [`${prefix}${what}; ${advice}`, ...list], warnings: [] }
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
