import { type Clock, SerializationError } from '@verbatim/cache-core'
import { assertKey } from '@verbatim/cache-core/implement'

/** The description of a backup at the start of its file. */
export interface BackupHeader {
  /** Time of the backup in ISO 8601. */
  readonly createdAt: string
  /** Glob that selected the keys. */
  readonly pattern: string
  /** Class of the cache that was backed up. */
  readonly sourceCacheType: string
  readonly mode: BackupMode
}

/**
 * The contents of the records of a file: `'typed'` for keys and values of a cache, `'raw'` for keys of Redis in
 * the format of its server, `'journal'` for the steps of a run.
 */
export type BackupMode = 'typed' | 'raw' | 'journal'

/** The record of one key of a cache. */
export interface BackupEntry {
  readonly key: string
  readonly value: unknown
  /** Milliseconds since 1970; `null` if the entry never expires. */
  readonly expiresAt: number | null
}

/** Returns the remaining TTL of an entry in milliseconds, `Infinity` if it never expires. */
export function remainingMs({ expiresAt }: Pick<BackupEntry, 'expiresAt'>, clock: Clock): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - Math.ceil(clock.wallTime())
}

/** Returns the error for a file that is not a complete backup. */
export function invalidBackup(problem: string): SerializationError {
  return new SerializationError(`invalid backup: ${problem}`, { code: 'BAD_BACKUP' })
}

/**
 * Checks an entry. Writing and reading share the check, so a restore accepts every entry of a backup.
 *
 * @throws the error that `toError` returns
 */
export function checkEntry(
  entry: { readonly key: unknown; readonly value: unknown; readonly expiresAt: unknown },
  toError: (problem: string) => Error,
): BackupEntry {
  const { key, value, expiresAt } = entry
  if (!isKey(key)) throw toError('an invalid key')
  if (value === undefined) throw toError('no value')
  if (!isExpiry(expiresAt)) throw toError('an invalid expiry')
  return { key, value, expiresAt }
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
