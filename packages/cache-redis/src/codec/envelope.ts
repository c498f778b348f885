import { crc32 } from 'node:zlib'
import type { Body } from './body.js'
import { corrupt } from './codec-errors.js'

/**
 * What stands before a value's bytes in Redis. Big endian:
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 2 | magic `F5 56`; no text in UTF-8 starts with F5 |
 * | 2 | 1 | format version, 1 |
 * | 3 | 1 | kind: 0 = no value, only a mark of one; 1 = tagged JSON |
 * | 4 | 8 | stamp: identifies this one write |
 * | 12 | 1 | compression of the body: 0 = none, 1 = zlib |
 * | 13 | 1 | id of the encryption key, 0 = not encrypted |
 * | 14 | 4 | length of the body once decompressed |
 * | 18 | 8 | when it was written, milliseconds since 1970, as a double; for people who look at the bytes |
 * | 26 | 8 | grace: how much longer than its life it is held, in milliseconds, as a double |
 * | 34 | 4 | how long its load took, in milliseconds; 0 when nobody asked for that |
 * | 38 | 4 | length of the tags, with their versions |
 * | 42 | 4 | CRC-32 of the key, of all of the above, of the tags and of the body |
 * | 46 | … | tags, as JSON: `[[tag, version], …]`; nothing if there are none |
 * | … | … | body |
 *
 * The key is part of the checksum, so that a value copied to another key is not taken for that
 * key's.
 */
export interface Envelope extends WriteDetails {
  readonly tags: readonly TagVersion[]
  readonly body: Body
  readonly writtenAt: number
}

/** A tag and the version of it that a value was stored under. */
export type TagVersion = readonly [tag: string, version: string]

/** What tells, together with the time that Redis still holds a value, whether it is fresh. */
export interface Freshness {
  readonly graceMs: number
  readonly loadMs: number
}

/** What is stored about a write beside its value. */
export interface WriteDetails extends Freshness {
  /** {@link STAMP_LENGTH} bytes that no other write has. */
  readonly stamp: Buffer
}

export const KIND_OFFSET = 3
export const STAMP_OFFSET = 4
export const STAMP_LENGTH = 8
export const TAGS_LENGTH_OFFSET = 38
export const HEADER_LENGTH = 46
/** What is longer is no list of tags of ours: 128 of them, 256 characters each, in any script. */
export const MAX_TAGS_LENGTH = 262_144

const VERSION_OFFSET = 2
const COMPRESSION_OFFSET = 12
const ENCRYPTION_KEY_OFFSET = 13
const DECODED_LENGTH_OFFSET = 14
const WRITTEN_AT_OFFSET = 18
const GRACE_OFFSET = 26
const LOAD_OFFSET = 34
const CHECKSUM_OFFSET = 42

const MAGIC = 0xf556
const VERSION = 1
const TAGGED_JSON = 1
const ZLIB = 1
const NOT_ENCRYPTED = 0

const LONGEST_LOAD_MS = 2 ** 32 - 1
const NOTHING = Buffer.alloc(0)

export function sealEnvelope(key: string, envelope: Envelope): Buffer {
  const { body, stamp } = envelope
  const tags = envelope.tags.length === 0 ? NOTHING : Buffer.from(JSON.stringify(envelope.tags))
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH + tags.length + body.bytes.length)
  bytes.writeUInt16BE(MAGIC, 0)
  bytes.writeUInt8(VERSION, VERSION_OFFSET)
  bytes.writeUInt8(TAGGED_JSON, KIND_OFFSET)
  bytes.set(stamp, STAMP_OFFSET)
  bytes.writeUInt8(body.compressed ? ZLIB : 0, COMPRESSION_OFFSET)
  bytes.writeUInt8(NOT_ENCRYPTED, ENCRYPTION_KEY_OFFSET)
  bytes.writeUInt32BE(body.decodedLength, DECODED_LENGTH_OFFSET)
  bytes.writeDoubleBE(envelope.writtenAt, WRITTEN_AT_OFFSET)
  bytes.writeDoubleBE(envelope.graceMs, GRACE_OFFSET)
  bytes.writeUInt32BE(Math.min(Math.round(envelope.loadMs), LONGEST_LOAD_MS), LOAD_OFFSET)
  bytes.writeUInt32BE(tags.length, TAGS_LENGTH_OFFSET)
  bytes.set(tags, HEADER_LENGTH)
  bytes.set(body.bytes, HEADER_LENGTH + tags.length)
  bytes.writeUInt32BE(checksum(key, bytes), CHECKSUM_OFFSET)
  return bytes
}

export function isEnvelope(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes.readUInt16BE(0) === MAGIC
}

/** @throws SerializationError when anything is not as {@link sealEnvelope} wrote it */
export function openEnvelope(key: string, bytes: Buffer): Omit<Envelope, 'writtenAt'> {
  if (bytes.length < HEADER_LENGTH) throw corrupt('cut short')
  if (bytes.readUInt8(VERSION_OFFSET) !== VERSION) throw corrupt('of an unknown version')
  if (bytes.readUInt32BE(CHECKSUM_OFFSET) !== checksum(key, bytes)) throw corrupt('damaged')
  const compression = bytes.readUInt8(COMPRESSION_OFFSET)
  if (
    bytes.readUInt8(KIND_OFFSET) !== TAGGED_JSON ||
    compression > ZLIB ||
    bytes.readUInt8(ENCRYPTION_KEY_OFFSET) !== NOT_ENCRYPTED
  ) {
    throw corrupt('in a form this version cannot read')
  }
  const body = {
    bytes: bytes.subarray(HEADER_LENGTH + bytes.readUInt32BE(TAGS_LENGTH_OFFSET)),
    compressed: compression === ZLIB,
    decodedLength: bytes.readUInt32BE(DECODED_LENGTH_OFFSET),
  }
  return { ...readFreshness(bytes), stamp: readStamp(bytes), tags: readTags(bytes), body }
}

/** Reads it from at least the header of a value; what is none of ours has no grace. */
export function readFreshness(bytes: Buffer): Freshness {
  if (!isEnvelope(bytes) || bytes.length < HEADER_LENGTH) return { graceMs: 0, loadMs: 0 }
  return { graceMs: bytes.readDoubleBE(GRACE_OFFSET), loadMs: bytes.readUInt32BE(LOAD_OFFSET) }
}

/** Reads them from at least the head of a value; what is none of ours has none. */
export function readTags(bytes: Buffer): readonly TagVersion[] {
  if (!isEnvelope(bytes) || bytes.length < HEADER_LENGTH) return []
  const end = HEADER_LENGTH + bytes.readUInt32BE(TAGS_LENGTH_OFFSET)
  if (end === HEADER_LENGTH || end > bytes.length) return []
  try {
    return JSON.parse(bytes.toString('utf8', HEADER_LENGTH, end)) as TagVersion[]
  } catch {
    // Damaged, as whoever reads the value itself will find.
    return []
  }
}

/** The bytes where a stamp stands, whatever is there. A copy: a view would hold all of the value. */
export function readStamp(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(STAMP_OFFSET, STAMP_OFFSET + STAMP_LENGTH))
}

function checksum(key: string, bytes: Buffer): number {
  const ofHeader = crc32(bytes.subarray(0, CHECKSUM_OFFSET), crc32(key))
  return crc32(bytes.subarray(HEADER_LENGTH), ofHeader)
}
