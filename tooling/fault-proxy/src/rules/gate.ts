import { type Flowing, sizeOf } from '../network/flowing.js'
import { Queue } from '../network/queue.js'
import type { Hold } from './hold.js'

const NOTHING: readonly Hold[] = []

/** Forwards items in order. A held item delays all later items. */
export class Gate {
  readonly #letThrough: (item: Flowing) => void
  readonly #waiting = new Queue<{ readonly item: Flowing; readonly holds: readonly Hold[] }>()
  #queuedBytes = 0

  constructor(letThrough: (item: Flowing) => void) {
    this.#letThrough = letThrough
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  push(item: Flowing, holds = NOTHING): void {
    if (holds.length === 0 && this.#waiting.size === 0) {
      this.#letThrough(item)
      return
    }
    this.#waiting.push({ item, holds })
    this.#queuedBytes += sizeOf(item)
    for (const hold of holds) hold.catch(() => this.#open())
    this.#open()
  }

  #open(): void {
    for (let next = this.#waiting.head; next !== undefined; next = this.#waiting.head) {
      if (next.holds.some((hold) => !hold.released)) return
      this.#waiting.shift()
      this.#queuedBytes -= sizeOf(next.item)
      this.#letThrough(next.item)
    }
  }
}
