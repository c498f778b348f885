import { ConfigurationError, SecurityError } from '@verbatim/cache-core'
import { assertKnownFields, flagOption, invalidOption } from '@verbatim/cache-core/implement'
import type { Body } from '../codec/body.js'
import type { Place } from '../codec/place.js'
import type { EncryptBody, EncryptionReason } from '../codec/stored-line.js'
import { KeyRing, keyIdOf } from './key-ring.js'

/** Options for the encryption of values in Redis. */
export interface EncryptionOptions {
  /**
   * The keys, or a function that returns the current keys. It is called for every value, so it must return at
   * once. Values are encrypted with the primary key, and read with every enabled key.
   */
  readonly keys: KeyRing | (() => KeyRing)
  /**
   * Whether values that are not encrypted are served too, while a store is being migrated. Anyone who can write
   * to Redis can then set values. Default: false.
   */
  readonly allowPlaintextReads?: boolean | undefined
  /**
   * Whether values are compressed before they are encrypted. The length of a compressed value says something
   * about its content: with access to lengths in Redis and to a part of a value, an attacker can
   * guess the secret rest of it step by step. Set it only if no value mixes secrets with text that others choose. Default: false.
   */
  readonly compress?: boolean | undefined
}

/** Why an encrypted body cannot be decrypted. */
export type DecryptionFailure = Extract<EncryptionReason, 'unknown_key' | 'not_authentic'>

const FIELDS: ReadonlySet<string> = new Set<keyof EncryptionOptions>([
  'keys',
  'allowPlaintextReads',
  'compress',
])

const NO_RING = 'a KeyRing, or a function that returns one'

/**
 * Encrypts the bodies of values. A body is valid for its own place and line only: database, prefix, key, TTL,
 * generation and tags.
 */
export class ValueEncryption {
  /** Whether values are compressed before they are encrypted. */
  readonly compress: boolean
  /** Whether values that are not encrypted are misses. */
  readonly requiresEncryption: boolean
  readonly #keys: () => KeyRing

  constructor({ keys, allowPlaintextReads = false, compress = false }: EncryptionOptions) {
    this.compress = compress
    this.requiresEncryption = !allowPlaintextReads
    this.#keys = keys instanceof KeyRing ? () => keys : () => checkedRing(keys())
  }

  /** Returns the function that encrypts bodies for a place. */
  encrypterFor(place: Place): EncryptBody {
    return (words, content) =>
      this.#keys().seal(content, Buffer.from(associatedData(place) + words))
  }

  /** Returns whether the current primary key has encrypted a body. */
  isCurrent({ content }: Body): boolean {
    return keyIdOf(content as Buffer) === this.#keys().primaryId
  }

  /**
   * Decrypts the body of a line, or returns why it is not valid.
   *
   * @param words - the words of the line, from the kind on
   */
  decrypt(place: Place, body: Body, words: Buffer): Buffer | DecryptionFailure {
    const associated = Buffer.concat([Buffer.from(associatedData(place)), words])
    const keys = this.#keys()
    try {
      return keys.open(body.content as Uint8Array, associated)
    } catch (error) {
      if (!(error instanceof SecurityError)) throw error
      return error.code === 'UNKNOWN_KEY' ? 'unknown_key' : 'not_authentic'
    }
  }
}

/**
 * Checks the option `encryption`.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the field
 */
export function checkEncryption(options: EncryptionOptions): ValueEncryption {
  assertKnownFields(options, FIELDS, 'encryption', ConfigurationError, 'INVALID_OPTION')
  const { keys, allowPlaintextReads, compress } = options
  for (const [name, value] of Object.entries({ allowPlaintextReads, compress }))
    flagOption(`encryption.${name}`, value)
  if (!(keys instanceof KeyRing)) {
    if (typeof keys !== 'function') throw invalidOption('encryption.keys', NO_RING, keys)
    checkedRing(keys())
  }
  return new ValueEncryption(options)
}

function checkedRing(ring: unknown): KeyRing {
  if (ring instanceof KeyRing) return ring
  throw invalidOption('encryption.keys', NO_RING, ring)
}

/** Returns the start of the associated data. A place contains no line feed, so the words follow the only one. */
function associatedData(place: Place): string {
  return `${place.identity}\n`
}
