import { randomBytes } from 'node:crypto'

const ORIGIN_LENGTH = 4

/** Gives each write a mark of its own, by which one state of a key is told from any other. */
export class Stamps {
  #next = randomBytes(ORIGIN_LENGTH * 2)
  #left = 2 ** 32

  /** Eight bytes that no other write has, here or elsewhere. */
  next(): Buffer {
    if (this.#left-- === 0) {
      this.#next = randomBytes(ORIGIN_LENGTH * 2)
      this.#left = 2 ** 32
    }
    const stamp = Buffer.from(this.#next)
    this.#next.writeUInt32BE((this.#next.readUInt32BE(ORIGIN_LENGTH) + 1) >>> 0, ORIGIN_LENGTH)
    return stamp
  }
}
