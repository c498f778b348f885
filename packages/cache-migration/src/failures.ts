import { CacheError, isError, isSystemError } from '@verbatim/cache-core'

/** Failing keys that are listed by name; beyond, they are only counted. */
const MOST_LISTED = 100

/** The keys that something went wrong with. */
export class Failures {
  readonly #listed: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(key: string, error: unknown): void {
    this.#count++
    if (this.#count > MOST_LISTED) return
    // Quoted, so that a key cannot bring line feeds or terminal codes into a message.
    this.#listed.push(`key ${JSON.stringify(key)}: ${explain(error)}`)
  }

  list(): string[] {
    return [...this.#listed]
  }
}

/**
 * What an error says, if it is certain to hold no value: one of this project's, or the file
 * system's. Any other message may quote what was being read or stored, so only its kind is told.
 */
export function explain(error: unknown): string {
  if (error instanceof CacheError || isSystemError(error)) return error.message
  return isError(error) ? error.name : 'unknown error'
}

/** The `code` of an error of Node's, such as `'EEXIST'`. */
export function errorCode(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : undefined
}
