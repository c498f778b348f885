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
  /**
   * Number of keys under the prefix of a cache that are not its entries: other types and formats, and entries of
   * caches with longer prefixes. They are not in the file. 0 for a keyspace, whose file has all keys.
   */
  readonly keysForeign: number
  /** Size of the contents before compression, in bytes. */
  readonly totalSizeBytes: number
  /** Size of the file, in bytes. */
  readonly compressedSizeBytes: number
  /** Share that compression saved: 0.7 if 1,000 bytes became 300. Negative for tiny backups. */
  readonly compressionRatio: number
  /** Duration in seconds. */
  readonly backupTime: number
  /** Whether the backup ended early and can be continued with the option `resume`. */
  readonly canResume: boolean
  /** A summary, then at most 1,000 failed keys with their reasons. Empty on success. */
  readonly errors: readonly string[]
  /** With `allowForeign`, the number of foreign keys, then at most 1,000 of them. */
  readonly warnings: readonly string[]
}

/** Result of a restore. */
export interface RestoreResult {
  /** True if the file is valid and no key failed. Skipped and expired keys are not failures. */
  readonly success: boolean
  /** Path of the file, as given. */
  readonly backupFile: string
  /** Number of keys that were written. */
  readonly keysRestored: number
  /** Number of keys that the target already had. */
  readonly keysSkipped: number
  /** Number of keys that had expired. */
  readonly keysExpired: number
  /** Number of keys that the target rejected. */
  readonly keysFailed: number
  /** Percentage of the restored keys among the restored and failed keys. 0 if both are 0. */
  readonly successRate: number
  /** Duration in seconds. */
  readonly restoreTime: number
  /** Whether the run ended early and can be continued with the option `resume`. */
  readonly canResume: boolean
  /** A summary, then at most 1,000 failed keys with their reasons. Empty on success. */
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

/** Result of a migration. */
export interface MigrationResult {
  /** True if no key failed. Skipped and expired keys are not failures. */
  readonly success: boolean
  /** Number of keys that were read from the source. */
  readonly keysProcessed: number
  /** Number of keys that were written. */
  readonly keysMigrated: number
  /** Number of keys that the target already had. */
  readonly keysSkipped: number
  /** Number of keys that expired on the way. */
  readonly keysExpired: number
  /** Number of keys that could not be read or written. */
  readonly keysFailed: number
  /** Number of keys under the prefix of a cache that are not its entries, see {@link BackupResult}. */
  readonly keysForeign: number
  /** Percentage of the migrated keys among the processed keys. 0 if there are none. */
  readonly successRate: number
  /** Number of batches that were written. */
  readonly chunksProcessed: number
  /** Duration in seconds. */
  readonly migrationTime: number
  /** Whether the run ended early and can be continued with the option `resume`. */
  readonly canResume: boolean
  /** A summary, then at most 1,000 failed keys with their reasons. Empty on success. */
  readonly errors: readonly string[]
  /**
   * A remark if no key matches. With `allowForeign`, the number of foreign keys, then at most 1,000 of them.
   */
  readonly warnings: readonly string[]
}

/** Result of a rollback. */
export interface RollbackResult {
  /** True if every key of the run is as it was before the run. */
  readonly success: boolean
  /** Path of the journal, as given. */
  readonly journal: string
  /** Number of keys that were restored or removed. */
  readonly keysRestored: number
  /** Number of keys that already were as before the run. */
  readonly keysUnchanged: number
  /** Number of keys that others have changed since the run. They were left as they are. */
  readonly keysChangedByOthers: number
  /** Number of keys that could not be written. */
  readonly keysFailed: number
  /** Duration in seconds. */
  readonly rollbackTime: number
  /** A summary, then at most 1,000 keys of each kind with their reasons. Empty on success. */
  readonly errors: readonly string[]
}

/** Result of a comparison of two caches or two keyspaces. */
export interface DetailedValidationResult {
  /** True if both have the same keys with the same values. Other TTLs are not failures. */
  readonly success: boolean
  /** Number of different keys that were compared. */
  readonly totalKeysChecked: number
  /** Number of keys with equal values. */
  readonly keysMatched: number
  /** Number of keys with different values. */
  readonly keysMismatched: number
  /** Keys with different values, at most 1,000 of them. */
  readonly mismatchedKeys: readonly string[]
  /** Keys that only the target has, at most 1,000 of them. */
  readonly keysMissingSource: readonly string[]
  /** Keys that only the source has, at most 1,000 of them. */
  readonly keysMissingTarget: readonly string[]
  /** Number of mismatched keys, and of keys that only one side has. Each key counts once. */
  readonly totalMismatches: number
  /** Percentage of the matched keys among the checked keys. 100 if there are none. */
  readonly matchPercentage: number
  /**
   * Seconds by which the TTL in the target is longer, for at most 1,000 keys whose TTLs differ by more than the
   * tolerance. `null` if only one of the two expires.
   */
  readonly ttlDeltas: Readonly<Record<string, number | null>>
  /** Duration in seconds. */
  readonly validationTime: number
  /** Reasons why the comparison could not be completed. */
  readonly errors: readonly string[]
  /** Remarks that are not failures. */
  readonly warnings: readonly string[]
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
