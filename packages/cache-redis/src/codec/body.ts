import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'
import { timers } from '@verbatim/cache-core/implement'
import { chain, type MaybePromise } from '../maybe-promise.js'
import type { Json } from './json.js'

/** The largest value before compression. A larger one is refused before memory is allocated for it. */
export const MAX_JSON_BYTES: number = 64 * 1_024 * 1_024

/** From this size on, zlib compresses in its threads. For less, a thread costs more than it saves. */
const ASYNC_FROM_BYTES = 64 * 1_024

/** The smallest buffer that zlib accepts, in bytes. */
const SMALLEST_CHUNK = 64

const deflateAsync = promisify(deflate)
const inflateAsync = promisify(inflate)

/** A value as JSON, compressed or not. */
export interface Body {
  /** Uncompressed content is text. It is encoded where it is sent, which saves a copy. */
  readonly content: string | Uint8Array
  /** The length of the content in bytes. */
  readonly length: number
  readonly compressed: boolean
  /** The length after decompression, in bytes. */
  readonly decodedLength: number
}

export interface CompressionSettings {
  /** Larger values are compressed, in bytes. */
  readonly compressionThreshold: number
  /** 1 (fastest) to 9 (smallest). */
  readonly compressionLevel: number
}

interface Compression {
  readonly length: number
  readonly milliseconds: number
}

/** A body with the cost of its compression. */
export interface PackedBody extends Body {
  /** The result of the compression, even if it was not used; `undefined` if none was tried. */
  readonly compression: Compression | undefined
}

/**
 * Compresses JSON, unless it is small or larger than {@link MAX_JSON_BYTES}. Reads the whole JSON before it
 * returns.
 */
export function pack(json: Json, settings: CompressionSettings): MaybePromise<PackedBody> {
  const content = JSON.stringify(json)
  const decodedLength = Buffer.byteLength(content)
  if (decodedLength <= settings.compressionThreshold || decodedLength > MAX_JSON_BYTES) {
    return uncompressed(content, decodedLength, undefined)
  }
  const startedAt = timers.now()
  const level = { level: settings.compressionLevel }
  const smaller =
    decodedLength < ASYNC_FROM_BYTES ? deflateSync(content, level) : deflateAsync(content, level)
  return chain(smaller, (deflated) => {
    const milliseconds = timers.now() - startedAt
    const { length } = deflated
    const compression = { length, milliseconds }
    if (length >= decodedLength) return uncompressed(content, decodedLength, compression)
    return { content: deflated, length, compressed: true, decodedLength, compression }
  })
}

/** Lists the fields, because a spread would take 50 times as long. */
function uncompressed(
  content: string,
  length: number,
  compression: Compression | undefined,
): PackedBody {
  return { content, length, compressed: false, decodedLength: length, compression }
}

/** Returns the JSON as text. Stops as soon as a body is longer than its stated length. */
export function unpack({ content, compressed, decodedLength }: Body): MaybePromise<string> {
  const bytes = toBuffer(content)
  return chain(compressed ? decompress(bytes, decodedLength) : bytes, (plain) => {
    if (plain.length !== decodedLength) throw new RangeError('the length must be the stated one')
    return plain.toString()
  })
}

export function toBuffer(content: Body['content']): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  if (content instanceof Buffer) return content
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

function decompress(bytes: Buffer, decodedLength: number): MaybePromise<Buffer> {
  const maxOutputLength = Math.max(decodedLength, 1)
  if (decodedLength >= ASYNC_FROM_BYTES) return inflateAsync(bytes, { maxOutputLength })
  // One buffer of the right size saves a quarter of the time.
  const chunkSize = Math.max(decodedLength, SMALLEST_CHUNK)
  return inflateSync(bytes, { maxOutputLength, chunkSize })
}
