import { randomBytes } from 'node:crypto'

const ORIGIN_BYTES = 9
/** Counters with six hexadecimal digits. */
const FIRST = 0x100000
const LAST = 0xffffff

/** Gives each write a revision, by which one state of a key is told from any other. */
export class Revisions {
  #origin = ''
  #next = LAST + 1

  /** Returns eighteen letters and digits that no other write has, here or elsewhere. */
  next(): string {
    if (this.#next > LAST) {
      this.#origin = randomBytes(ORIGIN_BYTES).toString('base64url')
      this.#next = FIRST
    }
    return this.#origin + (this.#next++).toString(16)
  }
}
