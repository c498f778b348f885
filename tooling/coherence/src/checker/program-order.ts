import type { Nanoseconds } from '../clock.js'
import type { Succession } from './succession.js'
import { EVERYBODY, processAudience, type Version } from './version.js'

/**
 * Ordered writes of a process and a key take effect in the order of their calls, even if they
 * overlap. When a later write ends, it has therefore replaced every earlier successful write.
 */
export class ProgramOrder {
  readonly #everybody: Succession
  readonly #writer: Succession
  /** Writes in the order of their calls that can still be replaced or replace another write. */
  #open: Version[] = []

  constructor(everybody: Succession, writer: Succession) {
    this.#everybody = everybody
    this.#writer = writer
  }

  began(version: Version): void {
    if (!version.isOrdered) return
    this.#open.push(version)
  }

  ended(version: Version, at: Nanoseconds): void {
    if (!version.isOrdered) return
    for (const other of this.#open) {
      if (other.outcome === 'pending') continue
      if (other.number < version.number) this.#replace(other, version, at)
      else if (other.number > version.number) this.#replace(version, other, other.end)
    }
    this.#close()
  }

  #replace(earlier: Version, later: Version, at: Nanoseconds): void {
    // A failed write can be executed late by another connection.
    if (earlier.outcome !== 'ok') return
    this.#writer.replace(earlier, later, at)
    if (later.outcome === 'ok') this.#everybody.replace(earlier, later, at)
  }

  #close(): void {
    let isPendingBefore = false
    this.#open = this.#open.filter((version) => {
      const isPending = version.outcome === 'pending'
      isPendingBefore ||= isPending
      return isPendingBefore || isReplaceable(version)
    })
  }
}

/** Marks a version as replaced, for all audiences or for its writer. */
function isReplaceable({ outcome, writer, replacedAt }: Version): boolean {
  if (outcome !== 'ok') return false
  const audiences = [EVERYBODY, processAudience(writer)]
  return audiences.some((audience) => replacedAt[audience] === Number.POSITIVE_INFINITY)
}
