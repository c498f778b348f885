import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { Secret, SecurityError } from '@verbatim/cache-core'
import { invalidArgument, recognizeCopies } from '@verbatim/cache-core/implement'
import { type KeyState, MAX_KEYS, parseKeySet, type StoredKey } from './key-set.js'
import { KEY_BYTES, NONCE_BYTES, Nonces, TAG_BYTES, Xaes256Gcm } from './xaes-256-gcm.js'

/** A key of a {@link KeyRing}, without its secret. */
export interface KeyRingEntry {
  /** Eight hexadecimal digits. Everything that the key encrypts carries them. */
  readonly id: string
  readonly state: KeyState
  /** Whether new data is encrypted with this key. */
  readonly isPrimary: boolean
}

interface Key {
  readonly id: string
  readonly state: KeyState
  /** `undefined` for a destroyed key. */
  readonly material: KeyObject | undefined
  /** `undefined` unless the key is enabled. */
  readonly cipher: Xaes256Gcm | undefined
}

/** The first byte of everything that a key ring encrypts. */
const VERSION = 1
const ID_BYTES = 4
const NONCE_OFFSET = 1 + ID_BYTES
const HEAD_BYTES = NONCE_OFFSET + NONCE_BYTES
/** All rings of the process share the halves, because each key derives other keys from them. */
const nonces = new Nonces()

/** The bytes that encryption adds to a message. */
export const SEALED_OVERHEAD: number = HEAD_BYTES + TAG_BYTES

/**
 * The keys that encrypt and decrypt data: one primary key, and any number of keys that only decrypt.
 *
 * A ring never changes. Its methods return new rings, so a ring can be used while the next one is prepared.
 * To rotate keys in several processes: {@link KeyRing.add} a key and give the new ring to every process, then
 * {@link KeyRing.promote} the key and do the same. Destroy the old key when nothing needs it any longer, such as
 * after `reencrypt` of each cache.
 *
 * Messages are encrypted by XAES-256-GCM with random nonces. 2^48 messages are safe with one key.
 *
 * @example
 * ```ts
 * const keys = KeyRing.generate()
 * const sealed = keys.seal('plain text', 'invoices of March')
 * keys.open(sealed, 'invoices of March').toString() // 'plain text'
 * ```
 */
export class KeyRing {
  static {
    recognizeCopies(this as unknown as abstract new () => KeyRing, 'cache-redis/KeyRing')
  }

  readonly #keys: ReadonlyMap<string, Key>
  readonly #primary: Key
  readonly #cipher: Xaes256Gcm
  readonly #head: Buffer

  private constructor(keys: readonly Key[], primaryId: string) {
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    this.#primary = this.#named(primaryId)
    const { cipher, id, state } = this.#primary
    if (cipher === undefined) throw notPrimary(id, state)
    this.#cipher = cipher
    this.#head = Buffer.from([VERSION, ...Buffer.from(id, 'hex')])
  }

  /** Returns a ring with one new random key. */
  static generate(): KeyRing {
    const key = newKey(new Set())
    return new KeyRing([key], key.id)
  }

  /**
   * Reads a ring from the text that {@link KeyRing.export} returns.
   *
   * @throws ConfigurationError (`INVALID_KEY_RING`) that says what is wrong, without the text
   */
  static parse(text: string | Secret): KeyRing {
    const { primary, keys } = parseKeySet(text instanceof Secret ? text.reveal() : text)
    return new KeyRing(keys.map(toKey), primary)
  }

  /** The keys in the order in which they were added. */
  get keys(): readonly KeyRingEntry[] {
    return Array.from(this.#keys.values(), ({ id, state }) => ({
      id,
      state,
      isPrimary: id === this.#primary.id,
    }))
  }

  /** The id of the key that encrypts. */
  get primaryId(): string {
    return this.#primary.id
  }

  /**
   * Returns a ring with one more random key, the last of its `keys`. The new key decrypts, and does not
   * encrypt until it is promoted.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) for a ring with 100 keys
   */
  add(): KeyRing {
    if (this.#keys.size >= MAX_KEYS) {
      throw invalidArgument('the key ring', `one with fewer than ${MAX_KEYS} keys`, this.#keys.size)
    }
    const added = newKey(new Set(this.#keys.keys()))
    return new KeyRing([...this.#keys.values(), added], this.#primary.id)
  }

  /**
   * Returns a ring that encrypts with another of its keys. Every process must have the key before.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) unless the key is enabled
   */
  promote(id: string): KeyRing {
    const { state } = this.#named(id)
    if (state !== 'enabled') throw notPrimary(id, state)
    return new KeyRing([...this.#keys.values()], id)
  }

  /**
   * Returns a ring in which a key decrypts nothing until it is enabled again.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) for the primary, an unknown or a destroyed key
   */
  disable(id: string): KeyRing {
    return this.#with(id, 'disabled')
  }

  /**
   * Returns a ring in which a disabled key decrypts again.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown or a destroyed key
   */
  enable(id: string): KeyRing {
    return this.#with(id, 'enabled')
  }

  /**
   * Returns a ring without the secret of a key. What the key has encrypted is lost in every place that has no
   * other copy of the ring.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) for the primary or an unknown key
   */
  destroy(id: string): KeyRing {
    return this.#with(id, 'destroyed')
  }

  /** Returns the ring as JSON text, with its secrets. Store it as you store passwords. */
  export(): Secret {
    const keys = Array.from(this.#keys.values(), ({ id, state, material }): StoredKey => {
      return { id, state, ...(material && { key: material.export().toString('base64url') }) }
    })
    return new Secret(JSON.stringify({ primary: this.#primary.id, keys }))
  }

  /**
   * Encrypts a message with the primary key. The result is {@link SEALED_OVERHEAD} bytes longer.
   *
   * @param associatedData - facts that the message belongs to, such as its name. They are not stored, and
   * {@link KeyRing.open} needs the same. Begin them with a word for the purpose, so that no message is valid
   * for another one
   */
  seal(plaintext: string | Uint8Array, associatedData: string | Uint8Array): Buffer {
    const nonce = nonces.next()
    const parts = this.#cipher.encrypt(nonce, plaintext, toBuffer(associatedData))
    return Buffer.concat([this.#head, nonce, ...parts])
  }

  /**
   * Decrypts a message.
   *
   * @throws SecurityError (`UNKNOWN_KEY`) when the ring has no enabled key for it, (`NOT_AUTHENTIC`) when the
   * message or its associated data has changed
   */
  open(sealed: Uint8Array, associatedData: string | Uint8Array): Buffer {
    const bytes = toBuffer(sealed)
    if (bytes.length < SEALED_OVERHEAD || bytes[0] !== VERSION) throw notAuthentic()
    const id = keyIdOf(bytes)
    const key = this.#keys.get(id)
    if (key?.cipher === undefined) throw unknownKey(id, key?.state)
    const nonce = bytes.subarray(NONCE_OFFSET, HEAD_BYTES)
    const encrypted = bytes.subarray(HEAD_BYTES)
    const plaintext = key.cipher.decrypt(nonce, encrypted, toBuffer(associatedData))
    if (plaintext === undefined) throw notAuthentic()
    return plaintext
  }

  #with(id: string, state: KeyState): KeyRing {
    const key = this.#named(id)
    if (key.state === 'destroyed') throw unusable(id, 'destroyed')
    if (id === this.#primary.id && state !== 'enabled') throw notPrimary(id, state)
    const material = state === 'destroyed' ? undefined : key.material
    const changed = keyOf(id, state, material)
    const keys = Array.from(this.#keys.values(), (each) => (each === key ? changed : each))
    return new KeyRing(keys, this.#primary.id)
  }

  #named(id: string): Key {
    const key = this.#keys.get(id)
    if (key === undefined) throw unusable(id, 'absent')
    return key
  }
}

/** Returns the id of the key that encrypted a message of {@link KeyRing.seal}. */
export function keyIdOf(sealed: Buffer): string {
  return sealed.toString('hex', 1, NONCE_OFFSET)
}

function newKey(ids: ReadonlySet<string>): Key {
  const id = randomBytes(ID_BYTES).toString('hex')
  if (ids.has(id)) return newKey(ids)
  return keyOf(id, 'enabled', createSecretKey(randomBytes(KEY_BYTES)))
}

function toKey({ id, state, key }: StoredKey): Key {
  return keyOf(id, state, key === undefined ? undefined : createSecretKey(key, 'base64url'))
}

function keyOf(id: string, state: KeyState, material: KeyObject | undefined): Key {
  const isUsable = state === 'enabled' && material !== undefined
  return { id, state, material, cipher: isUsable ? new Xaes256Gcm(material) : undefined }
}

function toBuffer(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (Buffer.isBuffer(data)) return data
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

function unusable(id: unknown, state: KeyState | 'absent'): Error {
  const received = state === 'absent' ? 'an unknown id' : `the id of a ${state} key`
  return invalidArgument('id', 'the id of a key of this ring that is not destroyed', id, {
    received,
  })
}

function notPrimary(id: string, state: KeyState): Error {
  const rule = 'the id of an enabled key: only such a key can be the primary one'
  return invalidArgument('id', rule, id, { received: `the id of a ${state} key` })
}

function unknownKey(keyId: string, state: KeyState | undefined): SecurityError {
  return new SecurityError(`the key ring has no enabled key ${keyId} (${state ?? 'absent'})`, {
    code: 'UNKNOWN_KEY',
    context: { keyId, state: state ?? 'absent' },
  })
}

function notAuthentic(): SecurityError {
  return new SecurityError('the encrypted data or its associated data has changed', {
    code: 'NOT_AUTHENTIC',
  })
}
