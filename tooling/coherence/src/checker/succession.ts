import type { Nanoseconds } from '../clock.js'
import type { Version } from './version.js'

/** Number of discarded places at the start of the queue before it is compacted. */
const SLACK = 1_024

/**
 * Finds, for one key and one audience, the time from which each version is certainly replaced. This
 * is the first end of a write that started after the version had taken effect. Each version enters
 * and leaves once, so the time is linear in the number of writes.
 *
 * The audience decides which writes count: acknowledged writes for all processes, and all of its
 * own writes for one process.
 */
export class Succession {
  readonly #audience: number
  /** Versions that have taken effect and have not been replaced, in the order of their effect. */
  #queue: Version[] = []
  #head = 0

  constructor(audience: number) {
    this.#audience = audience
  }

  /**
   * Records a write that has ended. Call it for every write except those that can take effect
   * forever.
   */
  settled(version: Version, forgetBefore: Nanoseconds): void {
    this.#forget(forgetBefore)
    const queue = this.#queue
    // A failed write can take effect later than a write that ended after it.
    let place = queue.length
    for (; place > this.#head; place--) {
      const before = queue[place - 1]
      if (before === undefined || before.settledAt <= version.settledAt) break
      queue[place] = before
    }
    queue[place] = version
  }

  /**
   * Records a write that this audience must respect. Call it in the order of the ends of the
   * writes.
   */
  bound(write: Version, at: Nanoseconds): void {
    const queue = this.#queue
    for (; this.#head < queue.length; this.#head++) {
      const version = queue[this.#head]
      if (version === undefined || version.settledAt >= write.begin) break
      this.replace(version, write, at)
    }
    if (this.#head > SLACK && this.#head * 2 > queue.length) {
      this.#queue = queue.slice(this.#head)
      this.#head = 0
    }
  }

  replace(version: Version, write: Version, at: Nanoseconds): void {
    if ((version.replacedAt[this.#audience] ?? 0) <= at) return
    version.replacedAt[this.#audience] = at
    version.replacedBy ??= []
    version.replacedBy[this.#audience] = write
  }

  /**
   * Discards old versions. A process that never writes a key would otherwise queue its versions
   * forever.
   */
  #forget(before: Nanoseconds): void {
    const version = this.#queue[this.#head]
    if (version !== undefined && (version.replacedAt[0] ?? 0) < before) this.#head++
  }
}
