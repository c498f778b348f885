import type { VersionId } from '../checker/version.js'

/** Numbers the versions of each key that this process writes. */
export class Versions {
  readonly #writer: number
  readonly #last: number[]
  readonly #issued: number[]

  /**
   * Continues the numbers of a predecessor.
   *
   * @param last - last version by key
   */
  constructor(writer: number, last: readonly number[]) {
    this.#writer = writer
    this.#last = [...last]
    this.#issued = [...last]
  }

  /** Last issued version by key. */
  get last(): readonly number[] {
    return this.#last
  }

  next(key: number): VersionId {
    const number = (this.#last[key] ?? 0) + 1
    this.#last[key] = number
    return { writer: this.#writer, number }
  }

  /**
   * Marks a version as passed to the cache.
   *
   * @throws Error if a later version was passed before. The checker relies on the order of the
   * numbers
   */
  issue(key: number, { number }: VersionId): void {
    if (number <= (this.#issued[key] ?? 0)) {
      throw new Error(`version ${number} of key ${key} was issued out of order`)
    }
    this.#issued[key] = number
  }
}
