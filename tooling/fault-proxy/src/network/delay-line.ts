import { Queue } from './queue.js'

interface Waiting<T> {
  readonly item: T
  readonly dueAt: number
}

/** Releases each item at its time, in the order of arrival. */
export class DelayLine<T> {
  readonly #letOut: (item: T) => void
  readonly #waiting = new Queue<Waiting<T>>()
  #timer: NodeJS.Timeout | undefined

  constructor(letOut: (item: T) => void) {
    this.#letOut = letOut
  }

  push(item: T, milliseconds: number): void {
    if (milliseconds <= 0 && this.#waiting.size === 0) {
      this.#letOut(item)
      return
    }
    this.#waiting.push({ item, dueAt: performance.now() + milliseconds })
    this.#wait()
  }

  /** Releases all items. */
  flush(): void {
    this.#letOutUntil(Number.POSITIVE_INFINITY)
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Discards all items. */
  clear(): void {
    this.#waiting.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    const next = this.#waiting.head
    if (next === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#letOutUntil(performance.now())
        this.#wait()
      },
      Math.ceil(next.dueAt - performance.now()),
    )
  }

  #letOutUntil(now: number): void {
    for (let next = this.#waiting.head; next !== undefined; next = this.#waiting.head) {
      if (next.dueAt > now) return
      this.#waiting.shift()
      this.#letOut(next.item)
    }
  }
}
