/** Random numbers from a seed, with the generator SplitMix32. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Returns a generator for one purpose. Its numbers do not depend on those of other purposes. */
  static for(seed: number, ...purpose: readonly number[]): Random {
    let state = seed >>> 0
    for (const part of purpose) state = new Random(state ^ Math.imul(part + 1, 0x9e3779b1)).#next()
    return new Random(state)
  }

  /** Returns a number from 0 up to, but not including, 1. */
  fraction(): number {
    return this.#next() / 2 ** 32
  }

  /** Returns an integer from 0 up to, but not including, the limit. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  between(low: number, high: number): number {
    return low + this.fraction() * (high - low)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = this.below(index + 1)
      const item = shuffled[index] as T
      shuffled[index] = shuffled[other] as T
      shuffled[other] = item
    }
    return shuffled
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
