import { createHash } from 'node:crypto'
import { isPlainObject } from '@verbatim/cache-core/implement'
import { type BackupHeader, invalidBackup } from './backup.js'
import { type Compression, codecFor, compressionOf } from './compression.js'

/**
 * The bytes of a backup of version 2. `docs/backup-format.md` describes them. Integers are big-endian.
 *
 * | part | bytes |
 * | --- | --- |
 * | preamble | magic (8), version (1), compression (1), encryption (1), 0 (1), header length (4) |
 * | header | JSON in UTF-8, then the SHA-256 of preamble and header (32) |
 * | chunk | kind (1), index (4), records (4), plain length (4), stored length (4), stored bytes, digest (32) |
 *
 * A digest is the SHA-256 of the digest before it, of the fields of the chunk and of its stored bytes. So
 * each digest covers the whole file up to it, and the position of its chunk.
 */
const MAGIC = Buffer.from('VBTBACK\0', 'latin1')
const VERSION = 2
export const PREAMBLE_BYTES = 16
export const CHUNK_HEAD_BYTES = 17
export const DIGEST_BYTES = 32

/** Longest header. A longer length means damage. */
const MAX_HEADER_BYTES = 64 * 1_024
/** Most bytes of a chunk before compression: the largest value of Redis, its key and other records. */
const MAX_CHUNK_BYTES = 640 * 1_024 * 1_024

/** The kind of a chunk: records, the trailer, or the place in the source up to which the file is complete. */
export const DATA = 1
export const TRAILER = 2
export const POSITION = 3

/** The fields before the stored bytes of a chunk. */
export interface ChunkHead {
  readonly kind: number
  /** Position of the chunk in the file, counted from 0. */
  readonly index: number
  /** Number of records in the chunk. */
  readonly records: number
  readonly plainLength: number
  readonly storedLength: number
}

/** The contents of the last chunk. */
export interface Trailer {
  /** Number of keys in the file. */
  readonly count: number
  /** Number of chunks before the trailer. */
  readonly chunks: number
}

/** The fields at the start of a file. */
export interface Preamble {
  readonly compression: Compression
  readonly isEncrypted: boolean
  readonly headerLength: number
}

/** Returns the preamble and the header of a file, and their digest. */
export function encodeHeader(
  { createdAt, pattern, sourceCacheType, mode }: BackupHeader,
  compression: Compression,
  isEncrypted: boolean,
): { readonly bytes: Buffer; readonly digest: Buffer } {
  const json = JSON.stringify({
    created_at: createdAt,
    pattern,
    source_cache_type: sourceCacheType,
    mode,
  })
  const preamble = Buffer.alloc(PREAMBLE_BYTES)
  MAGIC.copy(preamble)
  preamble.writeUInt8(VERSION, 8)
  preamble.writeUInt8(codecFor(compression).code, 9)
  preamble.writeUInt8(isEncrypted ? 1 : 0, 10)
  preamble.writeUInt32BE(Buffer.byteLength(json), 12)
  const plain = Buffer.concat([preamble, Buffer.from(json)])
  const digest = createHash('sha256').update(plain).digest()
  return { bytes: Buffer.concat([plain, digest]), digest }
}

/** Returns whether a file starts like a backup of version 2 or later. */
export function hasMagic(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC)
}

/** Returns whether bytes are the start of a backup of version 2 or later, or the start of its start. */
export function startsLikeMagic(start: Buffer): boolean {
  const length = Math.min(start.length, MAGIC.length)
  return start.subarray(0, length).equals(MAGIC.subarray(0, length))
}

/**
 * Parses the first bytes of a file.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodePreamble(bytes: Buffer): Preamble {
  if (!startsLikeMagic(bytes)) throw invalidBackup('the file is not a cache backup')
  if (bytes.length < PREAMBLE_BYTES) throw invalidBackup('the file is truncated')
  const version = bytes.readUInt8(8)
  if (version !== VERSION) {
    const advice = version > VERSION ? '; a newer release of this package wrote the file' : ''
    throw invalidBackup(`format version must be 1 or ${VERSION}; received ${version}${advice}`)
  }
  const compression = compressionOf(bytes.readUInt8(9))
  const encryption = bytes.readUInt8(10)
  if (encryption > 1) throw invalidBackup('the file has an unknown encryption')
  if (bytes.readUInt8(11) !== 0) throw invalidBackup('the file has an unknown flag')
  const headerLength = bytes.readUInt32BE(12)
  if (headerLength > MAX_HEADER_BYTES) throw invalidBackup('the length of the header is invalid')
  return { compression, isEncrypted: encryption === 1, headerLength }
}

/**
 * Parses the JSON of a header.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodeHeader(json: Buffer): BackupHeader {
  const { created_at: createdAt, pattern, source_cache_type: sourceCacheType, mode } = parse(json)
  if (
    typeof createdAt !== 'string' ||
    typeof pattern !== 'string' ||
    typeof sourceCacheType !== 'string' ||
    (mode !== 'typed' && mode !== 'raw' && mode !== 'journal')
  ) {
    throw invalidBackup('the header is incomplete')
  }
  return { createdAt, pattern, sourceCacheType, mode }
}

/** Returns the contents of a trailer. */
export function encodeTrailer({ count, chunks }: Trailer): Buffer {
  return Buffer.from(JSON.stringify({ count, chunks }))
}

/**
 * Parses the contents of a trailer.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodeTrailer(json: Buffer): Trailer {
  const { count, chunks } = parse(json)
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(chunks)) {
    throw invalidBackup('the trailer is incomplete')
  }
  return { count: count as number, chunks: chunks as number }
}

/**
 * Parses the contents of a chunk with a position.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodePosition(json: Buffer): unknown {
  return parse(json)['position']
}

function parse(json: Buffer): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(json.toString())
    if (isPlainObject(fields)) return fields
  } catch {
    // The message of JSON.parse quotes its input.
  }
  throw invalidBackup('a description in the file is not valid JSON')
}

/** Returns the fields of a chunk as bytes. */
export function encodeChunkHead(head: ChunkHead): Buffer {
  const bytes = Buffer.alloc(CHUNK_HEAD_BYTES)
  bytes.writeUInt8(head.kind, 0)
  bytes.writeUInt32BE(head.index, 1)
  bytes.writeUInt32BE(head.records, 5)
  bytes.writeUInt32BE(head.plainLength, 9)
  bytes.writeUInt32BE(head.storedLength, 13)
  return bytes
}

/**
 * Parses the fields of a chunk.
 *
 * @param index - the position that the chunk must have
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodeChunkHead(bytes: Buffer, index: number): ChunkHead {
  const head = {
    kind: bytes.readUInt8(0),
    index: bytes.readUInt32BE(1),
    records: bytes.readUInt32BE(5),
    plainLength: bytes.readUInt32BE(9),
    storedLength: bytes.readUInt32BE(13),
  }
  const isKnown = head.kind >= DATA && head.kind <= POSITION
  if (!isKnown || head.index !== index || head.plainLength > MAX_CHUNK_BYTES) {
    throw invalidBackup(`chunk ${index} is damaged`)
  }
  return head
}

/** Returns the digest of a chunk. */
export function digestOf(previous: Buffer, head: Buffer, stored: Buffer): Buffer {
  return createHash('sha256').update(previous).update(head).update(stored).digest()
}
