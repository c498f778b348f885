/** How a backup went. */
export interface BackupResult {
  /** True only when every key is in the file; otherwise there is no file. */
  readonly success: boolean
  /** The file asked for, as it was given. */
  readonly backupFile: string
  /** Entries in the file. */
  readonly keysBackedUp: number
  /** Always 0: entries are listed and read in one step. */
  readonly keysSkipped: number
  /** Keys that could not be read or written down. */
  readonly keysFailed: number
  /** The lines of the file before compression, in bytes. */
  readonly totalSizeBytes: number
  /** The file, in bytes. */
  readonly compressedSizeBytes: number
  /** The share that compression saved: 0.7 for 1000 bytes in 300. Can be negative for tiny backups. */
  readonly compressionRatio: number
  /** Seconds. */
  readonly backupTime: number
  /** What went wrong: a summary, then at most 100 keys by name. Empty on success. */
  readonly errors: readonly string[]
}

/** How a restore went. */
export interface RestoreResult {
  /** True when the file is whole and no key failed. Skipped and expired keys are no failure. */
  readonly success: boolean
  /** The file asked for, as it was given. */
  readonly backupFile: string
  /** Keys that were written. */
  readonly keysRestored: number
  /** Keys that the target already had and was to keep. */
  readonly keysSkipped: number
  /** Keys whose life was over. */
  readonly keysExpired: number
  /** Keys that the target would not take. */
  readonly keysFailed: number
  /** Restored keys in percent of those restored and failed; 0 when there are none. */
  readonly successRate: number
  /** Seconds. */
  readonly restoreTime: number
  /** What went wrong: a summary, then at most 100 keys by name. Empty on success. */
  readonly errors: readonly string[]
}

/** What a backup file holds. */
export interface BackupInspection {
  /** True when the file is whole: version, number of entries and checksum are right. */
  readonly success: boolean
  /** The file asked for, as it was given. */
  readonly backupFile: string
  /** When the backup was made, in ISO 8601; `undefined` when the first line cannot be read. */
  readonly createdAt: string | undefined
  /** The glob that the backed up keys match. */
  readonly pattern: string | undefined
  /** The class of the cache that was backed up. */
  readonly sourceCacheType: string | undefined
  /** Entries found, up to where the file is broken if it is. */
  readonly keys: number
  /** How many of them a restore would leave out now, because their life is over. */
  readonly keysExpired: number
  /** The lines of the file before compression, in bytes. */
  readonly totalSizeBytes: number
  /** The file, in bytes. */
  readonly compressedSizeBytes: number
  /** Why the file is not whole. Empty when it is. */
  readonly errors: readonly string[]
}
