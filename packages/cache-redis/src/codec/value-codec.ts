import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'
import { type CacheMonitor, type Clock, SerializationError } from '@verbatim/cache-core'
import { corrupt, type Freshness, isEnvelope, openEnvelope, sealEnvelope } from './envelope.js'
import { decodeTaggedJson, encodeTaggedJson } from './tagged-json.js'

/** The largest value, before compression. Reading refuses more before it allocates anything. */
export const MAX_VALUE_BYTES: number = 64 * 1_024 * 1_024

/** From here on (de)compression leaves the event loop; below, a thread would cost more than it saves. */
const ASYNC_FROM_BYTES = 64 * 1_024

/** How the original wrote small values: this marker, then plain JSON. Read, never written. */
const SEED_MARKER = Buffer.from('rawj:')

const deflateAsync = promisify(deflate)
const inflateAsync = promisify(inflate)

export interface CodecOptions {
  /** Values of more bytes than this are compressed. */
  readonly compressionThreshold: number
  /** 1 fastest to 9 smallest. */
  readonly compressionLevel: number
  readonly clock: Clock
  readonly monitor: CacheMonitor | undefined
}

/** A value read back from bytes. */
export interface Decoded extends Freshness {
  readonly value: unknown
}

/** Turns values into the bytes that Redis holds, and back. */
export class ValueCodec {
  readonly #options: CodecOptions

  constructor(options: CodecOptions) {
    this.#options = options
  }

  /**
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for what cannot be stored
   */
  async encode(key: string, value: unknown, freshness: Freshness): Promise<Buffer> {
    const plain = Buffer.from(encodeTaggedJson(value))
    if (plain.length > MAX_VALUE_BYTES) {
      throw new SerializationError(
        `value takes ${plain.length} bytes as JSON; at most ${MAX_VALUE_BYTES} can be stored`,
        { code: 'VALUE_TOO_LARGE', context: { bytes: plain.length } },
      )
    }
    const compressed = await this.#compress(plain)
    return sealEnvelope(key, {
      compressed: compressed !== undefined,
      decodedLength: plain.length,
      graceMs: freshness.graceMs,
      loadMs: freshness.loadMs,
      writtenAt: this.#options.clock.wallTime(),
      body: compressed ?? plain,
    })
  }

  /** @throws when the bytes are not a value that was stored under this key */
  async decode(key: string, bytes: Buffer): Promise<Decoded> {
    if (bytes.subarray(0, SEED_MARKER.length).equals(SEED_MARKER)) {
      return {
        value: JSON.parse(bytes.toString('utf8', SEED_MARKER.length)),
        graceMs: 0,
        loadMs: 0,
      }
    }
    if (!isEnvelope(bytes)) throw corrupt('not in a form that this cache writes')
    const { compressed, decodedLength, graceMs, loadMs, body } = openEnvelope(key, bytes)
    if (decodedLength > MAX_VALUE_BYTES) throw corrupt('larger than allowed')
    const plain = compressed ? await decompress(body, decodedLength) : body
    if (plain.length !== decodedLength) throw corrupt('of another length than it says')
    return { value: decodeTaggedJson(plain.toString()), graceMs, loadMs }
  }

  /** Answers `undefined` where compression is not due or does not pay. */
  async #compress(plain: Buffer): Promise<Buffer | undefined> {
    const { compressionThreshold, compressionLevel: level, clock, monitor } = this.#options
    if (plain.length <= compressionThreshold) return undefined
    const startedAt = clock.now()
    const body =
      plain.length < ASYNC_FROM_BYTES
        ? deflateSync(plain, { level })
        : await deflateAsync(plain, { level })
    monitor?.observeCompression(plain.length, body.length, clock.now() - startedAt)
    return body.length < plain.length ? body : undefined
  }
}

/** A body that unpacks to more than its header says is refused as soon as it does. */
async function decompress(body: Buffer, decodedLength: number): Promise<Buffer> {
  const limit = { maxOutputLength: Math.max(decodedLength, 1) }
  return decodedLength < ASYNC_FROM_BYTES ? inflateSync(body, limit) : inflateAsync(body, limit)
}
