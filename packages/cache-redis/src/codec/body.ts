import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'
import type { Json } from './json.js'

/** The largest value, before compression. Reading refuses more before it allocates anything. */
export const MAX_JSON_BYTES: number = 64 * 1_024 * 1_024

/** From here on (de)compression is done by zlib's threads; below, one would cost more than it saves. */
const ASYNC_FROM_BYTES = 64 * 1_024

const deflateAsync = promisify(deflate)
const inflateAsync = promisify(inflate)

/** A value as JSON in UTF-8, maybe compressed. */
export interface Body {
  readonly bytes: Uint8Array
  readonly compressed: boolean
  /** How many bytes it has once decompressed. */
  readonly decodedLength: number
}

export interface CompressionSettings {
  /** Values of more bytes than this are compressed. */
  readonly compressionThreshold: number
  /** 1 fastest to 9 smallest. */
  readonly compressionLevel: number
}

interface Compression {
  readonly length: number
  readonly milliseconds: number
}

/** A body as it was made. */
export interface PackedBody extends Body {
  /** What compressing it came to, also where that did not pay; `undefined` if it was not tried. */
  readonly compression: Compression | undefined
}

/** What is beyond {@link MAX_JSON_BYTES} is not compressed. Reads the JSON before it returns. */
export async function pack(json: Json, settings: CompressionSettings): Promise<PackedBody> {
  const bytes = Buffer.from(JSON.stringify(json))
  const plain = { bytes, compressed: false, decodedLength: bytes.length, compression: undefined }
  if (bytes.length <= settings.compressionThreshold || bytes.length > MAX_JSON_BYTES) return plain
  const startedAt = performance.now()
  const level = { level: settings.compressionLevel }
  const smaller =
    bytes.length < ASYNC_FROM_BYTES ? deflateSync(bytes, level) : await deflateAsync(bytes, level)
  const milliseconds = performance.now() - startedAt
  const compression = { length: smaller.length, milliseconds }
  if (smaller.length >= bytes.length) return { ...plain, compression }
  return { bytes: smaller, compressed: true, decodedLength: bytes.length, compression }
}

/**
 * Answers the JSON as text. A body that unpacks to more than it says is refused as soon as it does.
 */
export async function unpack({ bytes, compressed, decodedLength }: Body): Promise<string> {
  const plain = compressed
    ? await decompress(bytes, decodedLength)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (plain.length !== decodedLength) throw new RangeError('of another length than it says')
  return plain.toString()
}

async function decompress(bytes: Uint8Array, decodedLength: number): Promise<Buffer> {
  const limit = { maxOutputLength: Math.max(decodedLength, 1) }
  return decodedLength < ASYNC_FROM_BYTES ? inflateSync(bytes, limit) : inflateAsync(bytes, limit)
}
