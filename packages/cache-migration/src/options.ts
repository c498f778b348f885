import type { Compression } from './file/compression.js'
import type { OnProgress } from './progress.js'
import type { Rate } from './redis/pace.js'
import type { Conflict } from './redis/record-writer.js'

/** Options of {@link CacheMigrationManager.createBackup}. */
export interface CreateBackupOptions {
  /** Glob that selects the keys. Default: `'*'`, all keys. */
  readonly pattern?: string | undefined
  /** Whether to replace an existing file. Default: false. */
  readonly overwrite?: boolean | undefined
  /** Whether a backup without keys is a success. Default: true. */
  readonly allowEmpty?: boolean | undefined
  /**
   * For a cache: whether to leave out keys under its prefix that are not its entries, and name them as warnings. They
   * have other types or formats, or belong to caches with longer prefixes. By default, such keys make the run a
   * failure, because they would be lost. Default: false.
   */
  readonly allowForeign?: boolean | undefined
  /**
   * Compression of the file: `'gzip'`, or `'zstd'` in Node 22.15 and later. Older versions of Node cannot
   * read a file in zstd. Default: zstd where Node supports it, gzip otherwise.
   */
  readonly compression?: Compression | undefined
  /**
   * For a {@link RedisKeyspace}: whether to continue the interrupted backup in `<file>.partial`. Default:
   * false.
   */
  readonly resume?: boolean | undefined
  /**
   * For a {@link RedisKeyspace}: whether to store keys as commands that every version of Redis and Valkey can
   * run. By default, keys are in the format of the source, which older versions cannot read. Default: false.
   */
  readonly portable?: boolean | undefined
  /** For a {@link RedisKeyspace}: most keys per second, or `'unlimited'`. Default: see {@link Rate}. */
  readonly rate?: Rate | undefined
  /** Gets the number of handled keys while the run goes on. Default: none. */
  readonly onProgress?: OnProgress | undefined
  /** Stops the backup. The result is a failure. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.restoreBackup}. */
export interface RestoreBackupOptions {
  /**
   * Treatment of keys that the target already has, decided by the target itself at the moment of the write.
   *
   * - `'skip'`: keep the key in the target, and also other data under the same name in Redis
   * - `'replace'`: replace the key
   * - `'newer'`, only for a {@link RedisKeyspace}: replace the key if the new one expires later. A key that
   *   never expires is neither replaced nor a replacement
   *
   * Default: `'skip'`.
   */
  readonly conflict?: Conflict | undefined
  /**
   * For a {@link RedisKeyspace}: path of a new file that records the state of each key before it is written.
   * With the file, a run can be resumed and rolled back. Default: none.
   */
  readonly journal?: string | undefined
  /** Whether to continue the interrupted run of `journal`. Default: false. */
  readonly resume?: boolean | undefined
  /** Whether to write nothing, and only count what would be written. Default: false. */
  readonly dryRun?: boolean | undefined
  /**
   * For a cache as the target: largest number of concurrent writes, 1 to 1,000. A keyspace gets its keys in batches
   * and needs none. Default: 200.
   */
  readonly concurrency?: number | undefined
  /** Gets the number of handled keys while the run goes on. Default: none. */
  readonly onProgress?: OnProgress | undefined
  /** Stops the run. The result is a failure, and the written entries stay. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.migrate}. */
export interface MigrateOptions extends RestoreBackupOptions {
  /** Glob that selects the keys. Default: `'*'`, all keys. */
  readonly pattern?: string | undefined
  /** For a cache: see {@link CreateBackupOptions.allowForeign}. Default: false. */
  readonly allowForeign?: boolean | undefined
  /** For a {@link RedisKeyspace}: most keys per second, or `'unlimited'`. Default: see {@link Rate}. */
  readonly rate?: Rate | undefined
}

/** Options of {@link CacheMigrationManager.validateDataConsistency}. */
export interface ValidateOptions {
  /** Glob that selects the keys. Default: `'*'`, all keys. */
  readonly pattern?: string | undefined
  /** For a cache: see {@link CreateBackupOptions.allowForeign}. Default: false. */
  readonly allowForeign?: boolean | undefined
  /** Difference of TTLs in seconds that is not reported, 0 or more. Default: 5. */
  readonly ttlTolerance?: number | undefined
  /** For a {@link RedisKeyspace}: most keys per second, or `'unlimited'`. Default: see {@link Rate}. */
  readonly rate?: Rate | undefined
  /** Gets the number of handled keys while the run goes on. Default: none. */
  readonly onProgress?: OnProgress | undefined
  /** Stops the comparison. The result is a failure. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.rollback}. */
export interface RollbackOptions {
  /** Gets the number of handled keys while the run goes on. Default: none. */
  readonly onProgress?: OnProgress | undefined
  /** Stops the rollback. It can be repeated. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.verifyBackup} and {@link CacheMigrationManager.inspectBackup}. */
export interface VerifyOptions {
  /** Stops the verification. The result is a failure. Default: none. */
  readonly signal?: AbortSignal | undefined
}
