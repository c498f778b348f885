import { type CacheMonitor, SerializationError } from '@verbatim/cache-core'
import { follow, type NowOrLater } from '../now-or-later.js'
import {
  type Body,
  type CompressionSettings,
  MAX_JSON_BYTES,
  type PackedBody,
  pack,
  unpack,
} from './body.js'
import { corrupt, tooLarge, unreadable } from './codec-errors.js'
import { type CodecThreads, codecThreads } from './codec-threads.js'
import {
  type Envelope,
  MAX_TAGS_LENGTH,
  openEnvelope,
  readStamp,
  sealEnvelope,
  type TagVersion,
  USUAL_HEAD_LENGTH,
  type WriteDetails,
} from './envelope.js'
import { failureOf } from './failure.js'
import { decodeTaggedJson } from './tagged-json.js'
import { type JsonTree, toJson } from './to-json.js'

/** The largest value as Redis holds it, unless told otherwise. */
export const DEFAULT_MAX_VALUE_BYTES: number = 8 * 1_024 * 1_024

/** Of JSON. A smaller value holds up the event loop for less time than a thread would take. */
const THREAD_FROM_BYTES = 1_024 * 1_024

/** How the original wrote small values: this marker, then plain JSON. Read, never written. */
const SEED_MARKER = Buffer.from('rawj:')

export interface CodecOptions extends CompressionSettings {
  /** The largest value as Redis holds it: compressed, without what is stored beside it. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  readonly monitor: CacheMonitor | undefined
}

/** A value read back from bytes. */
export interface Decoded extends WriteDetails {
  readonly value: unknown
  readonly tags: readonly TagVersion[]
  /** As in {@link Envelope}; `undefined` where the value itself does not tell. */
  readonly freshUntil: number | undefined
}

/**
 * Finishes the bytes of a value, once the versions of its tags are known and when its life will be
 * over.
 */
export type Seal = (tags: readonly TagVersion[], freshUntil: number) => string | Buffer

/** A value as it will be stored. */
export interface Sealable {
  readonly seal: Seal
  /** How many bytes its body has. */
  readonly length: number
}

/** Turns values into the bytes that Redis holds, and back. */
export class ValueCodec {
  readonly #compression: CompressionSettings
  readonly #maxValueBytes: number
  readonly #monitor: CacheMonitor | undefined
  readonly #threads: CodecThreads

  constructor(options: CodecOptions, threads: CodecThreads = codecThreads) {
    const { compressionThreshold, compressionLevel } = options
    this.#compression = { compressionThreshold, compressionLevel }
    this.#maxValueBytes = options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES
    this.#monitor = options.monitor
    this.#threads = threads
  }

  /**
   * Takes the value as it is when called.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for what cannot be stored,
   * (`CODEC_FAILED`) when there are too many large values at once
   */
  encode(key: string, value: unknown, details: WriteDetails): NowOrLater<Sealable> {
    const { graceMs, loadMs, stamp } = details
    return follow(this.#pack(toJson(value, MAX_JSON_BYTES)), (body): Sealable => {
      this.#report(body)
      this.#assertStorable(body)
      const seal: Seal = (tags, freshUntil) =>
        sealEnvelope(key, { freshUntil, graceMs, loadMs, stamp, tags, body })
      return { seal, length: body.length }
    })
  }

  /** @throws SerializationError when the bytes are not a value that was stored under this key */
  decode(key: string, bytes: Buffer): NowOrLater<Decoded> {
    // Tags come on top: they are not known yet when a value is measured.
    const mostBytes = this.#maxValueBytes + USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH
    if (bytes.length > mostBytes) throw corrupt('larger than allowed')
    try {
      if (isSeedValue(bytes)) return decodeSeedValue(bytes)
      const envelope = openEnvelope(key, bytes)
      const value = this.#unpack(envelope.body)
      if (!(value instanceof Promise)) return decoded(value, envelope)
      return value.then((late) => decoded(late, envelope), refuse)
    } catch (error) {
      return refuse(error)
    }
  }

  #pack(tree: JsonTree): NowOrLater<PackedBody> {
    return tree.likelyBytes > THREAD_FROM_BYTES
      ? this.#threads.pack(tree, this.#compression)
      : pack(tree.json, this.#compression)
  }

  #unpack(body: Body): unknown {
    if (body.decodedLength > MAX_JSON_BYTES) throw corrupt('larger than allowed')
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

function isSeedValue(bytes: Buffer): boolean {
  return bytes[0] === SEED_MARKER[0] && bytes.subarray(0, SEED_MARKER.length).equals(SEED_MARKER)
}

function decodeSeedValue(bytes: Buffer): Decoded {
  const value: unknown = JSON.parse(bytes.toString('utf8', SEED_MARKER.length))
  const stamp = readStamp(bytes)
  return { value, freshUntil: undefined, graceMs: 0, loadMs: 0, stamp, tags: [] }
}

function decoded(value: unknown, { freshUntil, graceMs, loadMs, stamp, tags }: Envelope): Decoded {
  return { value, freshUntil, graceMs, loadMs, stamp, tags }
}

function refuse(error: unknown): never {
  throw error instanceof SerializationError ? error : unreadable(failureOf(error))
}
