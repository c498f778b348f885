import type { VersionId } from '../checker/version.js'

/** Numbers the versions of each key that this process writes. */
export class Versions {
  readonly #writer: number
  readonly #last: number[]
  readonly #issued: number[]

  /** @param last - by key: the last version that was written with this number of a writer */
  constructor(writer: number, last: readonly number[]) {
    this.#writer = writer
    this.#last = [...last]
    this.#issued = [...last]
  }

  /** By key: the last version. */
  get last(): readonly number[] {
    return this.#last
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
