import { type Clock, SerializationError } from '@verbatim/cache-core'
import { assertKey, describeType, isPlainObject } from '@verbatim/cache-core/implement'
import { decodeTaggedJson, encodeTaggedJson } from '@verbatim/cache-redis'

/**
 * Name of the format. A backup consists of gzipped lines, and each line is the tagged JSON of one
 * record: a header, one entry per key, and a trailer. The trailer contains the number of entries and
 * the SHA-256 of all lines before it.
 */
const FORMAT = 'verbatim-cache-backup'
const FORMAT_VERSION = 1

/**
 * The longest line, in bytes. It fits the largest value that cache-redis accepts (64 MiB) and its key.
 * The writer rejects longer lines, so the reader never buffers more than this.
 */
export const MAX_LINE_BYTES: number = 64 * 1_024 * 1_024 + 16 * 1_024

/** The first record of a backup. */
export interface BackupHeader {
  readonly createdAt: string
  readonly pattern: string
  readonly sourceCacheType: string
}

/** The record of one key. */
export interface BackupEntry {
  readonly key: string
  readonly value: unknown
  /** Milliseconds since 1970; `null` if the entry never expires. */
  readonly expiresAt: number | null
}

/** The last record of a backup. */
export interface BackupTrailer {
  /** Number of entries. */
  readonly count: number
  /** Hexadecimal SHA-256 of all lines before this one. */
  readonly sha256: string
}

/** A parsed line whose fields have not been checked. */
export type BackupRecord = Readonly<Record<string, unknown>>

/** Returns the line of a header. */
export function encodeHeader({ createdAt, pattern, sourceCacheType }: BackupHeader): string {
  return encodeLine({
    format: FORMAT,
    format_version: FORMAT_VERSION,
    created_at: createdAt,
    pattern,
    source_cache_type: sourceCacheType,
  })
}

/**
 * Returns the line of an entry.
 *
 * @throws SerializationError for a value that cannot be encoded, and for an entry that a restore would
 * reject
 */
export function encodeEntry({ key, value, expiresAt }: BackupEntry): string {
  const record = { key, value, expires_at: expiresAt }
  checkEntry(
    record,
    (problem) => new SerializationError(`the cache contains an entry with ${problem}`),
  )
  const line = encodeLine(record)
  const bytes = Buffer.byteLength(line)
  if (bytes <= MAX_LINE_BYTES) return line
  throw new SerializationError(
    `the entry must be at most ${MAX_LINE_BYTES} bytes as JSON; received ${bytes} bytes`,
    { code: 'VALUE_TOO_LARGE', context: { bytes } },
  )
}

/** Returns the line of a trailer. */
export function encodeTrailer(trailer: BackupTrailer): string {
  return encodeLine(trailer)
}

function encodeLine(record: object): string {
  return `${encodeTaggedJson(record)}\n`
}

/**
 * Parses a line.
 *
 * @param lineNumber - for the error; counted from 1
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodeLine(line: Buffer, lineNumber: number): BackupRecord {
  try {
    const record: unknown = decodeTaggedJson(line.toString())
    if (isPlainObject(record)) return record
  } catch {
    // The message of JSON.parse quotes the line, which contains a value.
  }
  throw unrecognizedRecord(lineNumber)
}

/**
 * Returns the header in a record.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function readHeader(record: BackupRecord): BackupHeader {
  const { format, format_version, created_at, pattern, source_cache_type } = record
  if (format !== FORMAT) throw invalidBackup('the file is not a cache backup')
  if (format_version !== FORMAT_VERSION) {
    const found = typeof format_version === 'number' ? format_version : describeType(format_version)
    throw invalidBackup(`format version must be ${FORMAT_VERSION}; received ${found}`)
  }
  if (
    typeof created_at !== 'string' ||
    typeof pattern !== 'string' ||
    typeof source_cache_type !== 'string'
  ) {
    throw invalidBackup('the header is incomplete')
  }
  return { createdAt: created_at, pattern, sourceCacheType: source_cache_type }
}

/**
 * Returns the entry in a record.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function readEntry(record: BackupRecord, lineNumber: number): BackupEntry {
  return checkEntry(record, (problem) =>
    invalidBackup(`the entry at line ${lineNumber} has ${problem}`),
  )
}

/**
 * Returns the trailer in a record.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function readTrailer({ count, sha256 }: BackupRecord, lineNumber: number): BackupTrailer {
  if (typeof count === 'number' && typeof sha256 === 'string') return { count, sha256 }
  throw unrecognizedRecord(lineNumber)
}

/** Returns the remaining TTL of an entry in milliseconds, `Infinity` if it never expires. */
export function remainingMs({ expiresAt }: BackupEntry, clock: Clock): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - Math.ceil(clock.wallTime())
}

/** Returns the error for a file that is not a complete backup. */
export function invalidBackup(problem: string): SerializationError {
  return new SerializationError(`invalid backup: ${problem}`, { code: 'BAD_BACKUP' })
}

function unrecognizedRecord(lineNumber: number): SerializationError {
  return invalidBackup(`unrecognized record at line ${lineNumber}`)
}

/** Checks an entry. Writing and reading share it, so a restore accepts every entry of a backup. */
function checkEntry(
  { key, value, expires_at }: BackupRecord,
  toError: (problem: string) => Error,
): BackupEntry {
  if (!isKey(key)) throw toError('an invalid key')
  if (value === undefined) throw toError('no value')
  if (!isExpiry(expires_at)) throw toError('an invalid expiry')
  return { key, value, expiresAt: expires_at }
}

function isKey(value: unknown): value is string {
  try {
    assertKey(value)
    return true
  } catch {
    return false
  }
}

function isExpiry(value: unknown): value is number | null {
  return value === null || Number.isSafeInteger(value)
}
