import {
  assertKey,
  type Clock,
  describeType,
  isPlainObject,
  SerializationError,
} from '@verbatim/cache-core'
import { decodeTaggedJson, encodeTaggedJson } from '@verbatim/cache-redis'

/**
 * A backup is gzipped lines, each the tagged JSON of one object: a header, one entry per key, and a
 * trailer that says how many entries there are and the SHA-256 of every line before it.
 */
const FORMAT = 'verbatim-cache-backup'
const FORMAT_VERSION = 1

/**
 * The longest line, in bytes: the largest value that cache-redis takes (64 MiB) and a key beside it.
 * Nothing longer is written, so nothing longer has to be held while reading.
 */
export const MAX_LINE_BYTES: number = 64 * 1_024 * 1_024 + 16 * 1_024

/** What the first line of a backup says. */
export interface BackupHeader {
  readonly createdAt: string
  readonly pattern: string
  readonly sourceCacheType: string
}

export interface BackupEntry {
  readonly key: string
  readonly value: unknown
  /** The instant its life ends, in milliseconds since 1970; `null` when it never does. */
  readonly expiresAt: number | null
}

/** What the last line of a backup says. */
export interface BackupTrailer {
  readonly count: number
  /** Of all lines before, in hexadecimal. */
  readonly sha256: string
}

/** A line as it was parsed: the fields are named as in the file, and nothing is known of them. */
export type BackupRecord = Readonly<Record<string, unknown>>

export function encodeHeader({ createdAt, pattern, sourceCacheType }: BackupHeader): string {
  return encodeLine({
    format: FORMAT,
    format_version: FORMAT_VERSION,
    created_at: createdAt,
    pattern,
    source_cache_type: sourceCacheType,
  })
}

/** @throws SerializationError for a value that has no faithful form, and for what no restore takes */
export function encodeEntry({ key, value, expiresAt }: BackupEntry): string {
  const record = { key, value, expires_at: expiresAt }
  checkEntry(record, (what) => new SerializationError(`the cache has ${what}`))
  const line = encodeLine(record)
  const bytes = Buffer.byteLength(line)
  if (bytes <= MAX_LINE_BYTES) return line
  throw new SerializationError(
    `value takes ${bytes} bytes as JSON; at most ${MAX_LINE_BYTES} fit in a backup`,
    { code: 'VALUE_TOO_LARGE', context: { bytes } },
  )
}

export function encodeTrailer(trailer: BackupTrailer): string {
  return encodeLine(trailer)
}

function encodeLine(record: object): string {
  return `${encodeTaggedJson(record)}\n`
}

/** @throws SerializationError (`BAD_BACKUP`) */
export function decodeLine(line: Buffer): BackupRecord {
  try {
    const record: unknown = decodeTaggedJson(line.toString())
    if (isPlainObject(record)) return record
  } catch {
    // What JSON.parse says would quote the line, and so a value.
  }
  throw badBackup('has a line that no backup has')
}

/** @throws SerializationError (`BAD_BACKUP`) */
export function readHeader(record: BackupRecord): BackupHeader {
  const { format, format_version, created_at, pattern, source_cache_type } = record
  if (format !== FORMAT) throw badBackup('is not a cache backup')
  if (format_version !== FORMAT_VERSION) {
    const found = typeof format_version === 'number' ? format_version : describeType(format_version)
    throw badBackup(`has format version ${found}; this release reads ${FORMAT_VERSION}`)
  }
  if (
    typeof created_at !== 'string' ||
    typeof pattern !== 'string' ||
    typeof source_cache_type !== 'string'
  ) {
    throw badBackup('has an incomplete header')
  }
  return { createdAt: created_at, pattern, sourceCacheType: source_cache_type }
}

/** @throws SerializationError (`BAD_BACKUP`) */
export function readEntry(record: BackupRecord): BackupEntry {
  return checkEntry(record, (what) => badBackup(`has ${what}`))
}

/** @throws SerializationError (`BAD_BACKUP`) */
export function readTrailer({ count, sha256 }: BackupRecord): BackupTrailer {
  if (typeof count === 'number' && typeof sha256 === 'string') return { count, sha256 }
  throw badBackup('has a line that no backup has')
}

/** What is left of an entry's life, in milliseconds; `Infinity` when it never ends. */
export function remainingMs({ expiresAt }: BackupEntry, clock: Clock): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - Math.ceil(clock.wallTime())
}

/** The error for a file that is not a whole backup. */
export function badBackup(what: string): SerializationError {
  return new SerializationError(`the file ${what}`, { code: 'BAD_BACKUP' })
}

/** One check for both ways, so that whatever is written down can be restored. */
function checkEntry(
  { key, value, expires_at }: BackupRecord,
  refuse: (what: string) => Error,
): BackupEntry {
  if (!isKey(key)) throw refuse('an entry with a bad key')
  if (value === undefined) throw refuse('an entry without a value')
  if (!isExpiry(expires_at)) throw refuse('an entry with a bad expiry')
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
