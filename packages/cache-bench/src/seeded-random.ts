/** Number of discarded rounds. The first numbers after a small seed are small too. */
const WARM_UP_ROUNDS = 16

/**
 * A random number generator that returns the same numbers for the same seed on every machine.
 *
 * It is Xorshift with 32 bits and the shifts 13, 17, 5 (G. Marsaglia, "Xorshift RNGs", 2003). It is
 * suitable for test data and not for secrets.
 */
export class SeededRandom {
  #state: number

  /** @param seed - an integer from 1 to 2^32 - 1. With 0, every number would be 0 */
  constructor(seed: number) {
    this.#state = seed | 0
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#next()
  }

  /** Returns an integer from `min` to `max`, inclusive. */
  integer(min: number, max: number): number {
    return min + (this.#next() % (max - min + 1))
  }

  /**
   * Returns one of the choices.
   *
   * @throws RangeError for an empty array
   */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new RangeError('choices must not be empty')
    return choice
  }

  /** Changes the order of the items. */
  shuffle<Item>(items: Item[]): void {
    for (let index = items.length - 1; index > 0; index--) {
      const other = this.integer(0, index)
      const item = items[index] as Item
      items[index] = items[other] as Item
      items[other] = item
    }
  }

  #next(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return this.#state >>> 0
  }
}
