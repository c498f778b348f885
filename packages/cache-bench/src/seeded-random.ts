/** Rounds thrown away at the start: the first numbers after a small seed are small, too. */
const WARM_UP_ROUNDS = 16

/**
 * Numbers that look random and are the same for the same seed, on every machine.
 *
 * Xorshift with 32 bits and the shifts 13, 17, 5 (G. Marsaglia, "Xorshift RNGs", 2003). Good
 * enough to vary test data; nothing secret may depend on it.
 */
export class SeededRandom {
  #state: number

  /** @param seed - an integer from 1 to 2^32 - 1; from 0 the generator would never get away */
  constructor(seed: number) {
    this.#state = seed | 0
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#next()
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + (this.#next() % (max - min + 1))
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new RangeError('there is nothing to choose from')
    return choice
  }

  #next(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return this.#state >>> 0
  }
}
