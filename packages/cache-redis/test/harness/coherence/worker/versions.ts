import type { VersionId } from '../checker/version.js'

/** Numbers the versions of each key that this process writes. */
export class Versions {
  readonly #writer: number
  readonly #last: number[]
  readonly #issued: number[]

  constructor(writer: number, keys: number) {
    this.#writer = writer
    this.#last = Array.from({ length: keys }, () => 0)
    this.#issued = Array.from({ length: keys }, () => 0)
  }

  next(key: number): VersionId {
    const number = (this.#last[key] ?? 0) + 1
    this.#last[key] = number
    return { writer: this.#writer, number }
  }

  /**
   * Must be called as the write is handed to the cache.
   *
   * @throws Error when a later one was handed to it already: the checker takes the numbers for the
   * order in which they were
   */
  issue(key: number, { number }: VersionId): void {
    if (number <= (this.#issued[key] ?? 0)) {
      throw new Error(`version ${number} of key ${key} was issued out of order`)
    }
    this.#issued[key] = number
  }
}
