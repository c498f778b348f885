import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'
import { timers } from '@verbatim/cache-core/implement'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { Json } from './json.js'

/** The largest value, before compression. Reading refuses more before it allocates anything. */
export const MAX_JSON_BYTES: number = 64 * 1_024 * 1_024

/** From here on (de)compression is done by zlib's threads; below, one would cost more than it saves. */
const ASYNC_FROM_BYTES = 64 * 1_024

const deflateAsync = promisify(deflate)
const inflateAsync = promisify(inflate)

/** A value as JSON, maybe compressed. */
export interface Body {
  /** Text is not compressed, and becomes UTF-8 only where it goes: that saves a copy. */
  readonly content: string | Uint8Array
  /** How many bytes the content has, be they there yet or not. */
  readonly length: number
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
export function pack(json: Json, settings: CompressionSettings): NowOrLater<PackedBody> {
  const content = JSON.stringify(json)
  const decodedLength = Buffer.byteLength(content)
  if (decodedLength <= settings.compressionThreshold || decodedLength > MAX_JSON_BYTES) {
    return uncompressed(content, decodedLength, undefined)
  }
  const startedAt = timers.now()
  const level = { level: settings.compressionLevel }
  const smaller =
    decodedLength < ASYNC_FROM_BYTES ? deflateSync(content, level) : deflateAsync(content, level)
  return follow(smaller, (deflated) => {
    const milliseconds = timers.now() - startedAt
    const { length } = deflated
    const compression = { length, milliseconds }
    if (length >= decodedLength) return uncompressed(content, decodedLength, compression)
    return { content: deflated, length, compressed: true, decodedLength, compression }
  })
}

/** Lists the fields: copying them with a spread takes 50 times as long. */
function uncompressed(
  content: string,
  length: number,
  compression: Compression | undefined,
): PackedBody {
  return { content, length, compressed: false, decodedLength: length, compression }
}

/**
 * Answers the JSON as text. A body that unpacks to more than it says is refused as soon as it does.
 */
export function unpack({ content, compressed, decodedLength }: Body): NowOrLater<string> {
  const bytes = toBuffer(content)
  return follow(compressed ? decompress(bytes, decodedLength) : bytes, (plain) => {
    if (plain.length !== decodedLength) throw new RangeError('of another length than it says')
    return plain.toString()
  })
}

export function toBuffer(content: Body['content']): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  if (content instanceof Buffer) return content
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

function decompress(bytes: Buffer, decodedLength: number): NowOrLater<Buffer> {
  const limit = { maxOutputLength: Math.max(decodedLength, 1) }
  return decodedLength < ASYNC_FROM_BYTES ? inflateSync(bytes, limit) : inflateAsync(bytes, limit)
}
