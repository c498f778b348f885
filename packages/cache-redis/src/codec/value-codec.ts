import { type CacheMonitor, SerializationError } from '@verbatim/cache-core'
import { isPromiseLike } from '@verbatim/cache-core/implement'
import { SEALED_OVERHEAD } from '../encryption/key-ring.js'
import type { DecryptionFailure, ValueEncryption } from '../encryption/value-encryption.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import {
  type Body,
  type CompressionSettings,
  MAX_JSON_BYTES,
  type PackedBody,
  pack,
  unpack,
} from './body.js'
import { tooLarge } from './codec-errors.js'
import type { Json } from './json.js'
import { plainJsonBytes } from './json.js'
import type { Place } from './place.js'
import {
  classify,
  type EncryptionReason,
  type ForeignReason,
  MAX_TAGS_LENGTH,
  openLine,
  openPythonValue,
  type ReadLine,
  sealLine,
  type TagVersion,
  USUAL_HEAD_LENGTH,
  type WriteDetails,
} from './stored-line.js'
import { decodeTaggedJson } from './tagged-json.js'
import { type JsonTree, toJson } from './to-json.js'
import { type CodecThreads, codecThreads } from './workers/codec-threads.js'

/** The default of `maxValueBytes`. */
export const DEFAULT_MAX_VALUE_BYTES: number = 8 * 1_024 * 1_024

/** From this size of JSON on, worker threads convert. A smaller value takes less time than a thread does. */
const THREAD_FROM_BYTES = 1_024 * 1_024

export interface CodecOptions extends CompressionSettings {
  /** The largest body in bytes, after compression. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  readonly monitor: CacheMonitor | undefined
  /** Encrypts every body. Default: bodies are not encrypted. */
  readonly encryption?: ValueEncryption | undefined
}

/** A decoded value. */
export interface Decoded extends WriteDetails {
  readonly value: unknown
  readonly tags: readonly TagVersion[]
  /** As in {@link ReadLine}; `undefined` for a value of the Python version. */
  readonly freshUntil: number | undefined
  /** As in {@link ReadLine}; `undefined` for a value of the Python version. */
  readonly generation: string | undefined
}

/** Why bytes are not a value. Only a `'damaged'` value may be removed. */
export interface Unreadable {
  readonly unreadable: ForeignReason | 'damaged'
}

/** Why a value is not encrypted again. */
export type NotReencrypted = 'current' | 'unencrypted' | 'damaged' | DecryptionFailure

/** Composes the bytes of a value, once all words of its line are known. */
export type Seal = (
  tags: readonly TagVersion[],
  freshUntil: number,
  generation: string,
) => string | Buffer

/** The most bytes of a character in JSON. */
const MAX_BYTES_PER_LIKELY_BYTE = 6

/** An encoded value. */
export interface Sealable {
  readonly seal: Seal
  /** The length of its body in bytes. */
  readonly length: number
}

/** Encodes values to the bytes in Redis, and decodes them. */
export class ValueCodec {
  /** The length in Redis of the largest value that this process reads, in bytes. */
  readonly maxStoredBytes: number
  readonly #compression: CompressionSettings
  readonly #maxValueBytes: number
  readonly #monitor: CacheMonitor | undefined
  readonly #encryption: ValueEncryption | undefined
  readonly #threads: CodecThreads

  constructor(options: CodecOptions, threads: CodecThreads = codecThreads) {
    const { compressionLevel, encryption } = options
    const isCompressed = encryption === undefined || encryption.compress
    const compressionThreshold = isCompressed
      ? options.compressionThreshold
      : Number.POSITIVE_INFINITY
    this.#compression = { compressionThreshold, compressionLevel }
    this.#encryption = encryption
    this.#maxValueBytes = options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES
    // Tags are added, because they are not known yet when a value is measured.
    const overhead = USUAL_HEAD_LENGTH + (encryption === undefined ? 0 : SEALED_OVERHEAD)
    this.maxStoredBytes = this.#maxValueBytes + overhead + MAX_TAGS_LENGTH
    this.#monitor = options.monitor
    this.#threads = threads
  }

  /** Whether the bodies of new values are encrypted. */
  get encrypts(): boolean {
    return this.#encryption !== undefined
  }

  /**
   * Encodes a value as it is now.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for a value that cannot be
   * stored, (`CODEC_FAILED`) when too many large values are converted at once
   */
  encode(place: Place, value: unknown, details: WriteDetails): MaybePromise<Sealable> {
    const { graceMs, loadMs, revision } = details
    return chain(this.#pack(toTree(value)), (body): Sealable => {
      this.#report(body)
      this.#assertStorable(body)
      const encrypt = this.#encryption?.encrypterFor(place)
      const seal: Seal = (tags, freshUntil, generation) =>
        sealLine(place, { freshUntil, graceMs, loadMs, revision, tags, generation, body }, encrypt)
      return { seal, length: body.length }
    })
  }

  /**
   * Checks that a value can be stored, without encoding it.
   *
   * @returns whether the value is certainly small enough; if not, call {@link ValueCodec.assertFits}
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`)
   */
  assertEncodable(value: unknown): boolean {
    return toTree(value).likelyBytes * MAX_BYTES_PER_LIKELY_BYTE <= this.#maxValueBytes
  }

  /**
   * Encodes a value to check that it is small enough.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`)
   */
  async assertFits(value: unknown): Promise<void> {
    this.#assertStorable(await this.#pack(toTree(value)))
  }

  /**
   * Decodes the bytes under a key.
   *
   * @throws SerializationError (`CODEC_FAILED`) when no worker thread could decode a large value. That says
   * nothing about its bytes
   */
  decode(place: Place, bytes: Buffer): MaybePromise<Decoded | Unreadable> {
    const kind = classify(place, bytes)
    if (kind !== 'value' && kind !== 'python') {
      return { unreadable: kind === 'lease' ? 'other_format' : kind }
    }
    if (bytes.length > this.maxStoredBytes) return { unreadable: 'too_large' }
    if (kind === 'python') {
      return this.#encryption?.requiresEncryption
        ? { unreadable: 'unencrypted' }
        : decodePython(bytes)
    }
    let line: ReadLine
    try {
      line = openLine(place, bytes)
    } catch {
      return { unreadable: 'damaged' }
    }
    if (line.body.decodedLength > MAX_JSON_BYTES) return { unreadable: 'too_large' }
    const body = this.#decrypt(place, line)
    if (typeof body === 'string') return { unreadable: body }
    try {
      const value = this.#unpack(body)
      return isPromiseLike(value)
        ? (value as Promise<unknown>).then((late) => decoded(late, line), unknownContents)
        : decoded(value, line)
    } catch (error) {
      return unknownContents(error)
    }
  }

  /**
   * Encrypts the body of a value with the primary key, unless that key has encrypted it. The words of its line stay.
   *
   * @returns the bytes to store, or why there are none
   */
  reencrypt(place: Place, bytes: Buffer): Buffer | NotReencrypted {
    let line: ReadLine
    try {
      line = openLine(place, bytes)
    } catch {
      return 'damaged'
    }
    const encryption = this.#encryption
    if (encryption === undefined || line.encryptedFor === undefined) return 'unencrypted'
    if (encryption.isCurrent(line.body)) return 'current'
    const content = encryption.decrypt(place, line.body, line.encryptedFor)
    if (typeof content === 'string') return content
    const body = withContent(line.body, content)
    // An encrypted line is never text.
    return sealLine(place, { ...line, body }, encryption.encrypterFor(place)) as Buffer
  }

  #decrypt(place: Place, line: ReadLine): Body | EncryptionReason {
    const { body, encryptedFor } = line
    if (encryptedFor === undefined)
      return this.#encryption?.requiresEncryption ? 'unencrypted' : body
    if (this.#encryption === undefined) return 'encrypted'
    const content = this.#encryption.decrypt(place, body, encryptedFor)
    if (typeof content === 'string') return content
    return withContent(body, content)
  }

  #pack(tree: JsonTree): MaybePromise<PackedBody> {
    return tree.likelyBytes > THREAD_FROM_BYTES
      ? this.#threads.pack(tree, this.#compression)
      : pack(tree.json, this.#compression)
  }

  #unpack(body: Body): unknown {
    return body.decodedLength > THREAD_FROM_BYTES
      ? this.#threads.unpack(body)
      : chain(unpack(body), decodeTaggedJson)
  }

  #report({ compression, decodedLength }: PackedBody): void {
    if (compression === undefined) return
    const { length, milliseconds } = compression
    this.#monitor?.observeCompression(decodedLength, length, milliseconds)
  }

  #assertStorable({ length, decodedLength }: Body): void {
    if (decodedLength > MAX_JSON_BYTES) {
      throw tooLarge(decodedLength, 'as JSON', `at most ${MAX_JSON_BYTES} can be stored`)
    }
    if (length > this.#maxValueBytes) {
      throw tooLarge(length, 'in Redis', `maxValueBytes allows ${this.#maxValueBytes}`)
    }
  }
}

/** Returns a body with its content decrypted. Lists the fields, because a spread would take ten times as long. */
function withContent({ compressed, decodedLength }: Body, content: Buffer): Body {
  return { content, length: content.length, compressed, decodedLength }
}

/** Copies a value for worker threads, because its owner may change it while its pieces are sent. */
function toTree(value: unknown): JsonTree {
  const likelyBytes = plainJsonBytes(value)
  const isAsItIs = likelyBytes >= 0 && likelyBytes <= THREAD_FROM_BYTES
  return isAsItIs ? { json: value as Json, likelyBytes } : toJson(value, MAX_JSON_BYTES)
}

function decodePython(bytes: Buffer): Decoded | Unreadable {
  try {
    const value = openPythonValue(bytes)
    // Only `set` overwrites it, so it needs no revision.
    const revision = ''
    return {
      ...{ value, freshUntil: undefined, graceMs: 0, loadMs: 0 },
      ...{ revision, tags: [], generation: undefined },
    }
  } catch {
    return { unreadable: 'foreign' }
  }
}

function decoded(value: unknown, line: ReadLine): Decoded {
  const { freshUntil, graceMs, loadMs, revision, tags, generation } = line
  return { value, freshUntil, graceMs, loadMs, revision, tags, generation }
}

/** Returns the result for bytes with a right checksum that this release cannot read: another one wrote them. */
function unknownContents(error: unknown): Unreadable {
  if (error instanceof SerializationError && error.code === 'CODEC_FAILED') throw error
  return { unreadable: 'other_format' }
}
