import { type CacheMonitor, type Clock, SerializationError } from '@verbatim/cache-core'
import {
  type Body,
  type CompressionSettings,
  MAX_JSON_BYTES,
  type PackedBody,
  pack,
  unpack,
} from './body.js'
import { corrupt, tooLarge } from './codec-errors.js'
import { type CodecThreads, codecThreads } from './codec-threads.js'
import {
  HEADER_LENGTH,
  isEnvelope,
  MAX_TAGS_LENGTH,
  openEnvelope,
  readFreshness,
  readStamp,
  sealEnvelope,
  type TagVersion,
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
  /** The largest value as Redis holds it: compressed, without its tags. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  readonly clock: Clock
  readonly monitor: CacheMonitor | undefined
}

/** A value read back from bytes. */
export interface Decoded extends WriteDetails {
  readonly value: unknown
  readonly tags: readonly TagVersion[]
}

/** Finishes the bytes of a value, once the versions of its tags are known. */
export type Seal = (tags: readonly TagVersion[]) => Buffer

/** Turns values into the bytes that Redis holds, and back. */
export class ValueCodec {
  readonly #compression: CompressionSettings
  readonly #maxValueBytes: number
  readonly #clock: Clock
  readonly #monitor: CacheMonitor | undefined
  readonly #threads: CodecThreads

  constructor(options: CodecOptions, threads: CodecThreads = codecThreads) {
    const { compressionThreshold, compressionLevel } = options
    this.#compression = { compressionThreshold, compressionLevel }
    this.#maxValueBytes = options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES
    this.#clock = options.clock
    this.#monitor = options.monitor
    this.#threads = threads
  }

  /**
   * Takes the value as it is when called.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for what cannot be stored,
   * (`CODEC_FAILED`) when there are too many large values at once
   */
  async encode(key: string, value: unknown, details: WriteDetails): Promise<Seal> {
    const writtenAt = this.#clock.wallTime()
    const { compression, ...body } = await this.#pack(toJson(value, MAX_JSON_BYTES))
    if (compression !== undefined) {
      const { length, milliseconds } = compression
      this.#monitor?.observeCompression(body.decodedLength, length, milliseconds)
    }
    this.#assertStorable(body)
    return (tags) => sealEnvelope(key, { ...details, tags, writtenAt, body })
  }

  /** @throws SerializationError when the bytes are not a value that was stored under this key */
  async decode(key: string, bytes: Buffer): Promise<Decoded> {
    // Tags come on top: they are not known yet when a value is measured.
    if (bytes.length > this.#maxValueBytes + MAX_TAGS_LENGTH) throw corrupt('larger than allowed')
    try {
      if (bytes.subarray(0, SEED_MARKER.length).equals(SEED_MARKER)) return decodeSeedValue(bytes)
      if (!isEnvelope(bytes)) throw corrupt('not in a form that this cache writes')
      const { body, ...details } = openEnvelope(key, bytes)
      return { value: await this.#unpack(body), ...details }
    } catch (error) {
      throw error instanceof SerializationError
        ? error
        : corrupt(`unreadable (${failureOf(error)})`)
    }
  }

  #pack(tree: JsonTree): Promise<PackedBody> {
    return tree.likelyBytes > THREAD_FROM_BYTES
      ? this.#threads.pack(tree, this.#compression)
      : pack(tree.json, this.#compression)
  }

  async #unpack(body: Body): Promise<unknown> {
    if (body.decodedLength > MAX_JSON_BYTES) throw corrupt('larger than allowed')
    return body.decodedLength > THREAD_FROM_BYTES
      ? this.#threads.unpack(body)
      : decodeTaggedJson(await unpack(body))
  }

  #assertStorable({ bytes, decodedLength }: Body): void {
    if (decodedLength > MAX_JSON_BYTES) {
      throw tooLarge(decodedLength, 'as JSON', `at most ${MAX_JSON_BYTES} can be stored`)
    }
    const length = HEADER_LENGTH + bytes.length
    if (length > this.#maxValueBytes) {
      throw tooLarge(length, 'in Redis', `maxValueBytes allows ${this.#maxValueBytes}`)
    }
  }
}

function decodeSeedValue(bytes: Buffer): Decoded {
  const value: unknown = JSON.parse(bytes.toString('utf8', SEED_MARKER.length))
  return { value, ...readFreshness(bytes), stamp: readStamp(bytes), tags: [] }
}
