import type { BackupMode } from './file/backup.js'

/** Result of a backup. */
export interface BackupResult {
  /** True if the file contains every key. Otherwise there is no file. */
  readonly success: boolean
  /** Path of the file, as given. */
  readonly backupFile: string
  /** Number of entries in the file. */
  readonly keysBackedUp: number
  /** Always 0: entries are listed and read in one step. */
  readonly keysSkipped: number
  /** Number of keys that could not be read or encoded. */
  readonly keysFailed: number
  /** Size of the contents before compression, in bytes. */
  readonly totalSizeBytes: number
  /** Size of the file, in bytes. */
  readonly compressedSizeBytes: number
  /** Share that compression saved: 0.7 if 1,000 bytes became 300. Negative for tiny backups. */
  readonly compressionRatio: number
  /** Duration in seconds. */
  readonly backupTime: number
  /** A summary, then at most 100 failed keys with their reasons. Empty on success. */
  readonly errors: readonly string[]
}

/** Result of a restore. */
export interface RestoreResult {
  /** True if the file is valid and no key failed. Skipped and expired keys are not failures. */
  readonly success: boolean
  /** Path of the file, as given. */
  readonly backupFile: string
  /** Number of keys that were written. */
  readonly keysRestored: number
  /** Number of keys that the target already had, without `overwrite`. */
  readonly keysSkipped: number
  /** Number of keys that had expired. */
  readonly keysExpired: number
  /** Number of keys that the target rejected. */
  readonly keysFailed: number
  /** Percentage of the restored keys among the restored and failed keys. 0 if both are 0. */
  readonly successRate: number
  /** Duration in seconds. */
  readonly restoreTime: number
  /** A summary, then at most 100 failed keys with their reasons. Empty on success. */
  readonly errors: readonly string[]
}

/** Result of an inspection. */
export interface BackupInspection {
  /** True if the version, the number of entries and the checksum are valid. */
  readonly success: boolean
  /** Path of the file, as given. */
  readonly backupFile: string
  /** Version of the file format, 1 or 2; `undefined` if the file is not a backup. */
  readonly formatVersion: number | undefined
  /** Contents of the backup: `'typed'` for entries of a cache. `undefined` as `createdAt`. */
  readonly mode: BackupMode | undefined
  /** Time of the backup in ISO 8601; `undefined` if the header cannot be read. */
  readonly createdAt: string | undefined
  /** Glob that selected the keys. */
  readonly pattern: string | undefined
  /** Class of the cache that was backed up. */
  readonly sourceCacheType: string | undefined
  /** Number of entries, up to the first error in the file. */
  readonly keys: number
  /** Number of entries that have expired. A restore would skip them. */
  readonly keysExpired: number
  /** Size of the contents before compression, in bytes. */
  readonly totalSizeBytes: number
  /** Size of the file, in bytes. */
  readonly compressedSizeBytes: number
  /** Reasons why the file is not valid. Empty on success. */
  readonly errors: readonly string[]
}

/** Result of a verification. */
export interface BackupVerification {
  /** True if every byte of the file is as it was written, and a restore would accept every record. */
  readonly success: boolean
  /** Path of the file, as given. */
  readonly backupFile: string
  /** Number of keys, up to the first error in the file. */
  readonly keys: number
  /** Size of the file, in bytes. */
  readonly compressedSizeBytes: number
  /** Duration in seconds. */
  readonly verificationTime: number
  /** Reasons why the file is not valid. Empty on success. */
  readonly errors: readonly string[]
}
