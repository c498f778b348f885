import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto'

/** The length of a key in bytes. */
export const KEY_BYTES = 32
/** The length of a nonce in bytes. */
export const NONCE_BYTES = 24
/** The length of an authentication tag in bytes. */
export const TAG_BYTES = 16

const BLOCK_BYTES = 16
/** The half of the nonce that derives the key of a message; AES-256-GCM takes the other half. */
const HALF_NONCE_BYTES = 12
/** The reduction constant of the field in which GCM and CMAC double a block. */
const REDUCTION = 0x87
/** The nonces that are fetched at once: a call for each one would take longer than the rest. */
const POOLED_NONCES = 256
/** The messages that share the first half of their nonces, and so a derived key. */
const MESSAGES_PER_HALF = 2 ** 16
/** The derived keys that are remembered. */
const MAX_DERIVED_KEYS = 1_000

/**
 * Makes nonces. The first half is random, and stays for {@link MESSAGES_PER_HALF} messages, because AES-256-GCM
 * then derives no key. The second half is random for each message.
 *
 * Two messages have the same nonce only if both halves are equal. Within the messages of one half, that has a
 * probability below 2^-65, and among 2^48 messages of any number of processes below 2^-32.
 */
export class Nonces {
  readonly #pool = Buffer.allocUnsafe(POOLED_NONCES * HALF_NONCE_BYTES)
  #used = POOLED_NONCES
  #half = Buffer.alloc(0)
  #messages = MESSAGES_PER_HALF

  /** Returns a new nonce. */
  next(): Buffer {
    if (this.#messages === MESSAGES_PER_HALF) {
      this.#half = randomBytes(HALF_NONCE_BYTES)
      this.#messages = 0
    }
    if (this.#used === POOLED_NONCES) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    this.#messages++
    const start = this.#used++ * HALF_NONCE_BYTES
    const nonce = Buffer.allocUnsafe(NONCE_BYTES)
    this.#half.copy(nonce)
    this.#pool.copy(nonce, HALF_NONCE_BYTES, start, start + HALF_NONCE_BYTES)
    return nonce
  }
}

/**
 * XAES-256-GCM as the C2SP specifies it: authenticated encryption with nonces so long that random ones do
 * not repeat. AES-256-GCM alone is safe for 2^32 random nonces with one key.
 *
 * The key of a message is derived from the key and the first half of the nonce. Derived keys are remembered.
 *
 * @see https://c2sp.org/XAES-256-GCM
 */
export class Xaes256Gcm {
  /** Encrypts single blocks with the key. It holds no state from one block to the next. */
  readonly #blocks: Cipher
  /** The two blocks from which the key of a message is derived, before the nonce is added. */
  readonly #derivation: Buffer
  /** The derived keys by the first half of the nonce, the least recently derived one first. */
  readonly #derived = new Map<string, Buffer>()

  constructor(key: KeyObject) {
    this.#blocks = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    const subkey = doubled(this.#blocks.update(Buffer.alloc(BLOCK_BYTES)))
    const derivation = Buffer.alloc(2 * BLOCK_BYTES)
    for (const [index, counter] of [1, 2].entries()) {
      derivation.set([0, counter, 'X'.charCodeAt(0), 0], index * BLOCK_BYTES)
    }
    for (const [index, byte] of derivation.entries()) {
      derivation[index] = byte ^ (subkey[index % BLOCK_BYTES] as number)
    }
    this.#derivation = derivation
  }

  /**
   * Encrypts a message.
   *
   * @param nonce - {@link NONCE_BYTES} bytes that no other message of this key has
   * @returns the parts of the encrypted message, with the tag as the last one
   */
  encrypt(nonce: Buffer, plaintext: string | Uint8Array, associatedData: Buffer): Buffer[] {
    const iv = nonce.subarray(HALF_NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keyFor(nonce), iv)
    cipher.setAAD(associatedData)
    const encrypted =
      typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext)
    cipher.final()
    return [encrypted, cipher.getAuthTag()]
  }

  /**
   * Decrypts a message.
   *
   * @returns `undefined` when the message, its nonce or its associated data is not the encrypted one
   */
  decrypt(nonce: Buffer, encrypted: Buffer, associatedData: Buffer): Buffer | undefined {
    if (encrypted.length < TAG_BYTES) return undefined
    const iv = nonce.subarray(HALF_NONCE_BYTES)
    const options = { authTagLength: TAG_BYTES }
    const decipher = createDecipheriv('aes-256-gcm', this.#keyFor(nonce), iv, options)
    decipher.setAAD(associatedData)
    decipher.setAuthTag(encrypted.subarray(-TAG_BYTES))
    const plaintext = decipher.update(encrypted.subarray(0, -TAG_BYTES))
    try {
      decipher.final()
      return plaintext
    } catch {
      return undefined
    }
  }

  #keyFor(nonce: Buffer): Buffer {
    const half = nonce.toString('latin1', 0, HALF_NONCE_BYTES)
    const known = this.#derived.get(half)
    if (known !== undefined) return known
    const key = this.#derive(nonce)
    if (this.#derived.size >= MAX_DERIVED_KEYS) {
      const [oldest = ''] = this.#derived.keys()
      this.#derived.delete(oldest)
    }
    this.#derived.set(half, key)
    return key
  }

  #derive(nonce: Buffer): Buffer {
    const blocks = Buffer.from(this.#derivation)
    for (let index = 0; index < HALF_NONCE_BYTES; index++) {
      const byte = nonce[index] as number
      const first = BLOCK_BYTES - HALF_NONCE_BYTES + index
      const second = first + BLOCK_BYTES
      blocks[first] = (blocks[first] as number) ^ byte
      blocks[second] = (blocks[second] as number) ^ byte
    }
    return this.#blocks.update(blocks)
  }
}

/** Doubles a block, as the derivation of a subkey in CMAC does. */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(BLOCK_BYTES)
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const next = block[index + 1] ?? 0
    result[index] = ((block[index] as number) << 1) | (next >>> 7)
  }
  if ((block[0] as number) >= 128) {
    result[BLOCK_BYTES - 1] = (result[BLOCK_BYTES - 1] as number) ^ REDUCTION
  }
  return result
}
