import { type KeyRing, SEALED_OVERHEAD } from '@verbatim/cache-redis'

/** The purpose of everything that is encrypted here, so that no message is valid for another purpose. */
const PURPOSE = Buffer.from('verbatim backup chunk\n')

/**
 * Encrypts the chunks of one file. A chunk is valid only in its file and at its place: the digest of the header,
 * the kind, the position and the lengths are bound in. The kind tells the last chunk from all others.
 */
export class ChunkEncryption {
  /** Number of bytes that encryption adds to a chunk. */
  readonly overhead: number = SEALED_OVERHEAD
  readonly #keys: KeyRing
  readonly #headerDigest: Buffer

  constructor(keys: KeyRing, headerDigest: Buffer) {
    this.#keys = keys
    this.#headerDigest = headerDigest
  }

  /** @param head - the bytes of the chunk before its contents */
  seal(contents: Buffer, head: Buffer): Buffer {
    return this.#keys.seal(contents, this.#associated(head))
  }

  /**
   * @param head - the bytes of the chunk before its contents
   * @throws SecurityError (`UNKNOWN_KEY`, `NOT_AUTHENTIC`)
   */
  open(sealed: Buffer, head: Buffer): Buffer {
    return this.#keys.open(sealed, this.#associated(head))
  }

  #associated(head: Buffer): Buffer {
    return Buffer.concat([PURPOSE, this.#headerDigest, head])
  }
}
