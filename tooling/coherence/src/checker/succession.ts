import type { Nanoseconds } from '../clock.js'
import type { Version } from './version.js'

/** Left behind at the head of the queue before the rest is moved up. */
const SLACK = 1_024

/**
 * Finds, for one key and one audience, since when each version cannot be the current one any more:
 * since the first end of a write that began after the version had taken effect. Each version enters
 * and leaves once, so the time is linear in the number of writes.
 *
 * The audience says which writes bind it: everybody is bound by the acknowledged ones, a process by
 * its own, whatever became of them.
 */
export class Succession {
  readonly #audience: number
  /** Versions that have taken effect if they ever will, in that order, and are not replaced yet. */
  #queue: Version[] = []
  #head = 0

  constructor(audience: number) {
    this.#audience = audience
  }

  /** Must be told of every write that has ended, but for those that may take effect for ever. */
  settled(version: Version, forgetBefore: Nanoseconds): void {
    this.#forget(forgetBefore)
    const queue = this.#queue
    // Writes that failed may take effect later than those that ended after them.
    let place = queue.length
    for (; place > this.#head; place--) {
      const before = queue[place - 1]
      if (before === undefined || before.settledAt <= version.settledAt) break
      queue[place] = before
    }
    queue[place] = version
  }

  /** Must be told of every write that binds this audience, in the order in which they end. */
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

  /** A process that never writes a key would queue its versions for ever. */
  #forget(before: Nanoseconds): void {
    const version = this.#queue[this.#head]
    if (version !== undefined && (version.replacedAt[0] ?? 0) < before) this.#head++
  }
}
