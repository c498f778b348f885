import { crc32 } from 'node:zlib'
import { SerializationError } from '@verbatim/cache-core'

/**
 * What stands before a value's bytes in Redis. Big endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 2 | magic `F5 56`; no text in UTF-8 starts with F5 |
 * | 1 | format version, 1 |
 * | 1 | codec of the body: 1 = tagged JSON |
 * | 1 | compression of the body: 0 = none, 1 = zlib |
 * | 1 | id of the encryption key, 0 = not encrypted |
 * | 4 | length of the body once decompressed |
 * | 8 | when it was written, milliseconds since 1970, as a double; for people who look at the bytes |
 * | 8 | grace: how much longer than its life it is held, in milliseconds, as a double |
 * | 4 | how long its load took, in milliseconds; 0 when nobody asked for that |
 * | 4 | CRC-32 of the key, of all of the above and of the body |
 * | … | body |
 *
 * The key is part of the checksum, so that a value copied to another key is not taken for that
 * key's.
 */
export interface Envelope extends Freshness {
  readonly compressed: boolean
  readonly decodedLength: number
  readonly writtenAt: number
  readonly body: Buffer
}

/** What tells, together with the time that Redis still holds a value, whether it is fresh. */
export interface Freshness {
  readonly graceMs: number
  readonly loadMs: number
}

const MAGIC = 0xf556
const VERSION = 1
const TAGGED_JSON = 1
const CHECKSUM_OFFSET = 30
export const HEADER_LENGTH = 34

const LONGEST_LOAD_MS = 2 ** 32 - 1

export function sealEnvelope(key: string, envelope: Envelope): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH + envelope.body.length)
  bytes.writeUInt16BE(MAGIC, 0)
  bytes.writeUInt8(VERSION, 2)
  bytes.writeUInt8(TAGGED_JSON, 3)
  bytes.writeUInt8(envelope.compressed ? 1 : 0, 4)
  bytes.writeUInt8(0, 5)
  bytes.writeUInt32BE(envelope.decodedLength, 6)
  bytes.writeDoubleBE(envelope.writtenAt, 10)
  bytes.writeDoubleBE(envelope.graceMs, 18)
  bytes.writeUInt32BE(Math.min(Math.round(envelope.loadMs), LONGEST_LOAD_MS), 26)
  envelope.body.copy(bytes, HEADER_LENGTH)
  bytes.writeUInt32BE(checksum(key, bytes), CHECKSUM_OFFSET)
  return bytes
}

export function isEnvelope(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes.readUInt16BE(0) === MAGIC
}

/** @throws SerializationError when anything is not as {@link sealEnvelope} wrote it */
export function openEnvelope(key: string, bytes: Buffer): Omit<Envelope, 'writtenAt'> {
  if (bytes.length < HEADER_LENGTH) throw corrupt('cut short')
  if (bytes.readUInt8(2) !== VERSION) throw corrupt('of an unknown version')
  if (bytes.readUInt32BE(CHECKSUM_OFFSET) !== checksum(key, bytes)) throw corrupt('damaged')
  const compression = bytes.readUInt8(4)
  if (bytes.readUInt8(3) !== TAGGED_JSON || compression > 1 || bytes.readUInt8(5) !== 0) {
    throw corrupt('in a form this version cannot read')
  }
  return {
    compressed: compression === 1,
    decodedLength: bytes.readUInt32BE(6),
    ...readFreshness(bytes),
    body: bytes.subarray(HEADER_LENGTH),
  }
}

/** Reads it from at least the header of a value; what is none of ours has no grace. */
export function readFreshness(bytes: Buffer): Freshness {
  if (!isEnvelope(bytes) || bytes.length < HEADER_LENGTH) return { graceMs: 0, loadMs: 0 }
  return { graceMs: bytes.readDoubleBE(18), loadMs: bytes.readUInt32BE(26) }
}

function checksum(key: string, bytes: Buffer): number {
  const ofHeader = crc32(bytes.subarray(0, CHECKSUM_OFFSET), crc32(key))
  return crc32(bytes.subarray(HEADER_LENGTH), ofHeader)
}

export function corrupt(how: string): SerializationError {
  return new SerializationError(`the stored value is ${how}`, { code: 'CORRUPT_VALUE' })
}
