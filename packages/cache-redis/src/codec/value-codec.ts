import { type CacheMonitor, SerializationError } from '@verbatim/cache-core'
import { isPromiseLike } from '@verbatim/cache-core/implement'
import { follow, type NowOrLater } from '../now-or-later.js'
import {
  type Body,
  type CompressionSettings,
  MAX_JSON_BYTES,
  type PackedBody,
  pack,
  unpack,
} from './body.js'
import { tooLarge } from './codec-errors.js'
import { type CodecThreads, codecThreads } from './codec-threads.js'
import type { Json } from './json.js'
import { plainJsonBytes } from './plain-json.js'
import {
  classify,
  type ForeignReason,
  MAX_TAGS_LENGTH,
  openLine,
  openPythonValue,
  type Place,
  type StoredLine,
  sealLine,
  type TagVersion,
  USUAL_HEAD_LENGTH,
  type WriteDetails,
} from './stored-line.js'
import { decodeTaggedJson } from './tagged-json.js'
import { type JsonTree, toJson } from './to-json.js'

/** Default of `maxValueBytes`. */
export const DEFAULT_MAX_VALUE_BYTES: number = 8 * 1_024 * 1_024

/** Bytes of JSON from which worker threads convert. A smaller value blocks the event loop for less time than a thread takes. */
const THREAD_FROM_BYTES = 1_024 * 1_024

export interface CodecOptions extends CompressionSettings {
  /** The largest value as Redis holds it, in bytes: compressed, without its line. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  readonly monitor: CacheMonitor | undefined
}

/** A value read back from bytes. */
export interface Decoded extends WriteDetails {
  readonly value: unknown
  readonly tags: readonly TagVersion[]
  /** As in {@link StoredLine}; `undefined` where the value itself does not say. */
  readonly freshUntil: number | undefined
  /** As in {@link StoredLine}; `undefined` for a value of the Python version. */
  readonly generation: string | undefined
}

/** Why bytes could not be read. Only a `'damaged'` value may be removed. */
export interface Unreadable {
  readonly unreadable: ForeignReason | 'damaged'
}

/** Finishes the bytes of a value, once everything that its line says is known. */
export type Seal = (
  tags: readonly TagVersion[],
  freshUntil: number,
  generation: string,
) => string | Buffer

/** JSON escapes a character with at most so many bytes. */
const MOST_BYTES_PER_LIKELY_BYTE = 6

/** A value as it will be stored. */
export interface Sealable {
  readonly seal: Seal
  /** Bytes of its body. */
  readonly length: number
}

/** Converts values to the bytes that Redis holds, and back. */
export class ValueCodec {
  /** Bytes that Redis holds for the largest value that this process reads. */
  readonly maxStoredBytes: number
  readonly #compression: CompressionSettings
  readonly #maxValueBytes: number
  readonly #monitor: CacheMonitor | undefined
  readonly #threads: CodecThreads

  constructor(options: CodecOptions, threads: CodecThreads = codecThreads) {
    const { compressionThreshold, compressionLevel } = options
    this.#compression = { compressionThreshold, compressionLevel }
    this.#maxValueBytes = options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES
    // Tags come on top: they are not known yet when a value is measured.
    this.maxStoredBytes = this.#maxValueBytes + USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH
    this.#monitor = options.monitor
    this.#threads = threads
  }

  /**
   * Encodes the value as it is when called.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for a value that cannot be
   * stored, (`CODEC_FAILED`) when too many large values are converted at once
   */
  encode(place: Place, value: unknown, details: WriteDetails): NowOrLater<Sealable> {
    const { graceMs, loadMs, revision } = details
    return follow(this.#pack(toTree(value)), (body): Sealable => {
      this.#report(body)
      this.#assertStorable(body)
      const seal: Seal = (tags, freshUntil, generation) =>
        sealLine(place, { freshUntil, graceMs, loadMs, revision, tags, generation, body })
      return { seal, length: body.length }
    })
  }

  /**
   * Checks that a value can be stored, without encoding it.
   *
   * @returns whether it certainly is small enough; otherwise {@link ValueCodec.assertFits} tells
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`)
   */
  assertEncodable(value: unknown): boolean {
    return toTree(value).likelyBytes * MOST_BYTES_PER_LIKELY_BYTE <= this.#maxValueBytes
  }

  /**
   * Encodes a value to check that it is small enough to be stored.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`)
   */
  async assertFits(value: unknown): Promise<void> {
    this.#assertStorable(await this.#pack(toTree(value)))
  }

  /**
   * Decodes the bytes under a key.
   *
   * @throws SerializationError (`CODEC_FAILED`) when no worker thread could decode a large value; that
   * says nothing about its bytes
   */
  decode(place: Place, bytes: Buffer): NowOrLater<Decoded | Unreadable> {
    const kind = classify(place, bytes)
    if (kind !== 'value' && kind !== 'python') {
      return { unreadable: kind === 'lease' ? 'other_format' : kind }
    }
    if (bytes.length > this.maxStoredBytes) return { unreadable: 'too_large' }
    if (kind === 'python') return decodePython(bytes)
    let line: StoredLine
    try {
      line = openLine(place, bytes)
    } catch {
      return { unreadable: 'damaged' }
    }
    if (line.body.decodedLength > MAX_JSON_BYTES) return { unreadable: 'too_large' }
    try {
      const value = this.#unpack(line.body)
      return isPromiseLike(value)
        ? (value as Promise<unknown>).then((late) => decoded(late, line), unknownContents)
        : decoded(value, line)
    } catch (error) {
      return unknownContents(error)
    }
  }

  #pack(tree: JsonTree): NowOrLater<PackedBody> {
    return tree.likelyBytes > THREAD_FROM_BYTES
      ? this.#threads.pack(tree, this.#compression)
      : pack(tree.json, this.#compression)
  }

  #unpack(body: Body): unknown {
    return body.decodedLength > THREAD_FROM_BYTES
      ? this.#threads.unpack(body)
      : follow(unpack(body), decodeTaggedJson)
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

/** A value that is converted in threads is copied: pieces of it are sent while its owner may change it. */
function toTree(value: unknown): JsonTree {
  const likelyBytes = plainJsonBytes(value)
  const isAsItIs = likelyBytes >= 0 && likelyBytes <= THREAD_FROM_BYTES
  return isAsItIs ? { json: value as Json, likelyBytes } : toJson(value, MAX_JSON_BYTES)
}

function decodePython(bytes: Buffer): Decoded | Unreadable {
  try {
    const value = openPythonValue(bytes)
    // Nothing is ever written over it but by `set`, so no revision is needed.
    const revision = ''
    return {
      ...{ value, freshUntil: undefined, graceMs: 0, loadMs: 0 },
      ...{ revision, tags: [], generation: undefined },
    }
  } catch {
    return { unreadable: 'foreign' }
  }
}

function decoded(value: unknown, line: StoredLine): Decoded {
  const { freshUntil, graceMs, loadMs, revision, tags, generation } = line
  return { value, freshUntil, graceMs, loadMs, revision, tags, generation }
}

/** The checksum was right, so the bytes are as somebody wrote them: a release that knows more. */
function unknownContents(error: unknown): Unreadable {
  if (error instanceof SerializationError && error.code === 'CODEC_FAILED') throw error
  return { unreadable: 'other_format' }
}
