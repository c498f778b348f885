import { describeType, isPlainObject } from '@verbatim/cache-core/implement'
import { decodeTaggedJson } from '@verbatim/cache-redis'
import { type BackupEntry, type BackupHeader, checkEntry, invalidBackup } from './backup.js'

/** Name of the format in the header of a file. */
const FORMAT = 'verbatim-cache-backup'

/** The longest line, in bytes. The writer of version 1 rejected longer lines. */
export const MAX_LINE_BYTES: number = 64 * 1_024 * 1_024 + 16 * 1_024

/** The last record of a backup. */
export interface BackupTrailer {
  /** Number of entries. */
  readonly count: number
  /** Hexadecimal SHA-256 of all lines before this one. */
  readonly sha256: string
}

/** A parsed line whose fields have not been checked. */
export type BackupRecord = Readonly<Record<string, unknown>>

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
  if (format_version !== 1) {
    const found = typeof format_version === 'number' ? format_version : describeType(format_version)
    throw invalidBackup(`format version must be 1 in a gzip file; received ${found}`)
  }
  if (
    typeof created_at !== 'string' ||
    typeof pattern !== 'string' ||
    typeof source_cache_type !== 'string'
  ) {
    throw invalidBackup('the header is incomplete')
  }
  return { createdAt: created_at, pattern, sourceCacheType: source_cache_type, mode: 'typed' }
}

/**
 * Returns the entry in a record.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function readEntry(record: BackupRecord, lineNumber: number): BackupEntry {
  const { key, value, expires_at: expiresAt } = record
  return checkEntry({ key, value, expiresAt }, (problem) =>
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

function unrecognizedRecord(lineNumber: number): Error {
  return invalidBackup(`unrecognized record at line ${lineNumber}`)
}
