import { isUtf8 } from 'node:buffer'
import { CacheError } from '@verbatim/cache-core'
import { isError, isSystemError } from '@verbatim/cache-core/implement'

/** Number of failed keys that are listed by name. All others are only counted. */
const MAX_LISTED = 1_000

/** The warning of a run that has found nothing, for example because of a misspelled pattern. */
export const NO_KEYS = 'no key matches; check the pattern and the key prefix'

/** Failed keys, as a journal stores them. */
export interface FailureReport {
  readonly count: number
  /** The first keys with their reasons. */
  readonly listed: readonly string[]
}

/** Counts failed keys and lists the first of them. */
export class Failures {
  readonly #listed: string[] = []
  #count = 0
  #taken = { count: 0, listed: 0 }

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

  /** Returns the failures that were added since the last call; `undefined` if there are none. */
  takeNew(): FailureReport | undefined {
    const { count, listed } = this.#taken
    this.#taken = { count: this.#count, listed: this.#listed.length }
    if (count === this.#count) return undefined
    return { count: this.#count - count, listed: this.#listed.slice(listed) }
  }

  /** Adds the failures of an earlier run. `takeNew` does not return them. */
  addEarlier({ count, listed }: FailureReport): void {
    this.#count += count
    this.#listed.push(...listed.slice(0, MAX_LISTED - this.#listed.length))
    this.#taken = { count: this.#count, listed: this.#listed.length }
  }
}

/** Returns the name of a key of Redis for a message. Bytes that are not printable are shown as `\xff`. */
export function nameOf(key: Buffer): string {
  if (isUtf8(key)) return key.toString()
  const bytes = Array.from(key, (byte) =>
    byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  )
  return bytes.join('')
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
