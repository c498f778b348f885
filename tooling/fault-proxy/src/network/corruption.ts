import type { CorruptOptions } from '../control.js'

const DIGIT_ZERO = 0x30

/** Changes one place in some replies. The same seed changes the same places. */
export class Corruption {
  readonly #share: number
  readonly #how: CorruptOptions['how']
  #state: number

  constructor({ share, how, seed }: CorruptOptions) {
    this.#share = share
    this.#how = how
    this.#state = seed
  }

  apply(reply: Buffer): Buffer {
    if (reply.length === 0 || this.#random() >= this.#share) return reply
    const changed = Buffer.from(reply)
    const place = Math.floor(this.#random() * changed.length)
    if (this.#how === 'bit') this.#set(changed, place, (byte) => byte ^ (1 << this.#below(8)))
    else if (this.#how === 'byte') this.#set(changed, place, () => this.#below(256))
    else if (this.#how === 'digit') this.#changeDigit(changed)
    else if (this.#how === 'cut') return changed.subarray(0, place)
    else return Buffer.concat([changed.subarray(0, place), Buffer.from('$-1\r\n'), changed])
    return changed
  }

  /** Changes a digit of a length, a number or a count, in a line that starts with `:`, `$` or `*`. */
  #changeDigit(reply: Buffer): void {
    const digits = [...reply.entries()].filter(([place, byte]) => {
      const before = reply[place - 1]
      return (
        byte >= DIGIT_ZERO &&
        byte < DIGIT_ZERO + 10 &&
        before !== undefined &&
        ':$*'.includes(String.fromCharCode(before))
      )
    })
    const place = digits[this.#below(digits.length)]?.[0]
    if (place !== undefined) this.#set(reply, place, () => DIGIT_ZERO + this.#below(10))
  }

  #set(bytes: Buffer, place: number, change: (byte: number) => number): void {
    bytes[place] = change(bytes[place] as number)
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  /** Returns the next number of the generator Mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
