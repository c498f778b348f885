import type { Nanoseconds } from '../clock.js'
import { EVERYBODY, type Version, type VersionId } from './version.js'

/**
 * Number of versions that are checked per ended write. More than one, so that versions are
 * discarded as fast as they are added.
 */
const LOOKED_AT = 2
/** Number of empty places at the start of the list before it is compacted. */
const SLACK = 1_024

/** The versions of one key, without those that were replaced long ago. */
export class VersionStore {
  readonly #byWriter: readonly WriterVersions[]

  constructor(writers: number) {
    this.#byWriter = Array.from({ length: writers }, () => new WriterVersions())
  }

  /** Adds a version. The versions of one writer must be added in the order of their numbers. */
  add(version: Version): void {
    this.#byWriter[version.writer]?.add(version)
  }

  find({ writer, number }: VersionId): Version | undefined {
    return this.#byWriter[writer]?.find(number)
  }

  wasBegun({ writer, number }: VersionId): boolean {
    return number >= 1 && number <= (this.#byWriter[writer]?.last ?? 0)
  }

  /** Discards some versions of a writer that were replaced before the given time. */
  forget(writer: number, now: Nanoseconds, memory: Nanoseconds): void {
    for (let count = 0; count < LOOKED_AT; count++) this.#byWriter[writer]?.forgetOne(now, memory)
  }
}

class WriterVersions {
  /** Returns the number of the last started version. */
  last = 0
  /** Versions by their number, less the number of the first one. */
  #recent: (Version | undefined)[] = []
  #first = 1
  #head = 0
  /** Old versions that were not replaced when they were checked. */
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
    // Some versions are never replaced. They must not prevent later versions from being discarded.
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
