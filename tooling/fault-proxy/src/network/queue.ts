/** A queue. `shift` of a long array moves all remaining items. */
export class Queue<T> {
  #items: T[] = []
  #taken = 0

  get size(): number {
    return this.#items.length - this.#taken
  }

  /** First item of the queue. */
  get head(): T | undefined {
    return this.#items[this.#taken]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#taken]
    if (item === undefined) return undefined
    this.#taken += 1
    if (this.#taken === this.#items.length) this.clear()
    else if (this.#taken > 1_000 && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#taken = 0
  }
}
