import type { Nanoseconds } from '../clock.js'
import { EVERYBODY, type Version, type VersionId } from './version.js'

/** Looked at for each write that ends: more than one, so that forgetting keeps up with writing. */
const LOOKED_AT = 2
/** Left empty at the head of the list before the rest is moved up. */
const SLACK = 1_024

/** The versions of one key, without those that were replaced long ago. */
export class VersionStore {
  readonly #byWriter: readonly WriterVersions[]

  constructor(writers: number) {
    this.#byWriter = Array.from({ length: writers }, () => new WriterVersions())
  }

  /** Those of one writer must come in the order of their numbers. */
  add(version: Version): void {
    this.#byWriter[version.writer]?.add(version)
  }

  find({ writer, number }: VersionId): Version | undefined {
    return this.#byWriter[writer]?.find(number)
  }

  wasBegun({ writer, number }: VersionId): boolean {
    return number >= 1 && number <= (this.#byWriter[writer]?.last ?? 0)
  }

  /** Forgets some versions of a writer that have been replaced for so long. */
  forget(writer: number, now: Nanoseconds, memory: Nanoseconds): void {
    for (let count = 0; count < LOOKED_AT; count++) this.#byWriter[writer]?.forgetOne(now, memory)
  }
}

class WriterVersions {
  /** The number of the last version that was begun. */
  last = 0
  /** By number, less that of the first one. */
  #recent: (Version | undefined)[] = []
  #first = 1
  #head = 0
  /** Old, but not replaced when it was their turn to be forgotten. */
  readonly #old = new Map<number, Version>()

  add(version: Version): void {
    this.#recent[version.number - this.#first] = version
    this.last = version.number
  }

  find(number: number): Version | undefined {
    const place = number - this.#first
    return place < this.#head ? this.#old.get(number) : this.#recent[place]
  }

  forgetOne(now: Nanoseconds, memory: Nanoseconds): void {
    const version = this.#recent[this.#head]
    if (version === undefined) return
    const isForgotten = (version.replacedAt[EVERYBODY] ?? 0) < now - memory
    // Some are never replaced. They must not keep those after them from being forgotten.
    const isOld = version.begin < now - 2 * memory
    if (!isForgotten && !isOld) return
    if (!isForgotten) this.#old.set(version.number, version)
    this.#recent[this.#head] = undefined
    this.#head++
    if (this.#head < SLACK || this.#head * 2 < this.#recent.length) return
    this.#recent = this.#recent.slice(this.#head)
    this.#first += this.#head
    this.#head = 0
  }
}
