import {
  type CacheInterface,
  type Clock,
  ConfigurationError,
  systemClock,
} from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  assertPattern,
  assertSignal,
  integerOption,
  invalidArgument,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import { createBackup } from './create-backup.js'
import { type Compression, checkCompression, DEFAULT_COMPRESSION } from './file/compression.js'
import { inspectBackup } from './inspect-backup.js'
import { restoreBackup } from './restore-backup.js'
import type {
  BackupInspection,
  BackupResult,
  BackupVerification,
  RestoreResult,
} from './results.js'

/** Options of {@link CacheMigrationManager}. */
export interface CacheMigrationManagerOptions {
  /** Number of entries that a restore has in memory at a time. 1 to 10,000. Default: 100. */
  readonly chunkSize?: number | undefined
  /** Source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
}

/** Options of {@link CacheMigrationManager.createBackup}. */
export interface CreateBackupOptions {
  /** Glob that selects the keys. Default: `'*'`, all keys. */
  readonly pattern?: string | undefined
  /** Whether to replace an existing file. Default: false. */
  readonly overwrite?: boolean | undefined
  /**
   * Compression of the file: `'gzip'`, or `'zstd'` in Node 22.15 and later. Older versions of Node cannot
   * read a file in zstd. Default: zstd where Node supports it, gzip otherwise.
   */
  readonly compression?: Compression | undefined
  /** Stops the backup. The result is a failure, and no file is written. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.restoreBackup}. */
export interface RestoreBackupOptions {
  /**
   * Whether to replace keys that the target already has, and other data under the same names in Redis.
   * Default: false.
   */
  readonly overwrite?: boolean | undefined
  /** Stops the restore. The result is a failure, and the written entries stay. Default: none. */
  readonly signal?: AbortSignal | undefined
}

const MANAGER_FIELDS: ReadonlySet<string> = new Set(['chunkSize', 'clock'])
const BACKUP_FIELDS: ReadonlySet<string> = new Set([
  'pattern',
  'overwrite',
  'compression',
  'signal',
])
const RESTORE_FIELDS: ReadonlySet<string> = new Set(['overwrite', 'signal'])

/**
 * Backs up the entries of a cache to a file, and restores them into any other cache.
 *
 * Methods throw only for bad arguments. Every failure of a file or a cache is in the result, see
 * {@link BackupResult.success}. Errors in results contain keys and never a value.
 *
 * @example
 * ```ts
 * const manager = new CacheMigrationManager()
 * const backup = await manager.createBackup(redisCache, 'cache.backup')
 * if (!backup.success) throw new Error(backup.errors.join('; '))
 * const restore = await manager.restoreBackup('cache.backup', new InMemoryCache())
 * console.log(`${restore.keysRestored} keys restored`)
 * ```
 */
export class CacheMigrationManager {
  static {
    recognizeCopies(this, 'cache-migration/CacheMigrationManager')
  }

  readonly #chunkSize: number
  readonly #clock: Clock

  /** @throws ConfigurationError (`INVALID_OPTION`) for a bad or unknown option */
  constructor(options: CacheMigrationManagerOptions = {}) {
    assertKnownFields(options, MANAGER_FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { chunkSize = 100, clock = systemClock } = options
    assertClock(clock)
    this.#chunkSize = integerOption('chunkSize', chunkSize, { min: 1, max: 10_000 })
    this.#clock = clock
  }

  /**
   * Writes every entry of a cache, with its remaining TTL, to a new file. If anything fails, no file
   * is written. Only the owner can read the file.
   *
   * A backup is not a snapshot: entries that change during the backup may or may not be in the file.
   *
   * @param source - a cache with `inspect()`. The backup changes nothing in the cache. If an entry
   * cannot be read, the backup fails and the result names the entry
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const users = await manager.createBackup(cache, 'users.backup', { pattern: 'user:*' })
   * ```
   */
  async createBackup(
    source: CacheInterface,
    file: string,
    options: CreateBackupOptions = {},
  ): Promise<BackupResult> {
    assertKnownFields(options, BACKUP_FIELDS, 'options')
    const { pattern = '*', overwrite = false, signal } = options
    const compression = checkCompression(options.compression ?? DEFAULT_COMPRESSION)
    assertCache('source', source, ['inspect'])
    assertFile(file)
    assertPattern(pattern)
    assertBoolean('overwrite', overwrite)
    assertSignal(signal)
    return createBackup(source, file, {
      pattern,
      overwrite,
      compression,
      signal,
      clock: this.#clock,
    })
  }

  /**
   * Writes the entries of a backup into a cache. Entries expire at the time at which they would have
   * expired in the source. The whole file is verified before the first write.
   *
   * @param target - a cache with `add()` and `set()`. Without `overwrite`, keys that it already has are
   * skipped, and so are names under which Redis stores other data
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const restore = await manager.restoreBackup('users.backup', cache, { overwrite: true })
   * ```
   */
  async restoreBackup(
    file: string,
    target: CacheInterface,
    options: RestoreBackupOptions = {},
  ): Promise<RestoreResult> {
    assertKnownFields(options, RESTORE_FIELDS, 'options')
    const { overwrite = false, signal } = options
    assertFile(file)
    assertCache('target', target, ['add', 'set'])
    assertBoolean('overwrite', overwrite)
    assertSignal(signal)
    return restoreBackup(file, target, {
      overwrite,
      signal,
      chunkSize: this.#chunkSize,
      clock: this.#clock,
    })
  }

  /**
   * Verifies a backup as a restore does, and describes its contents.
   *
   * @throws ValidationError for a bad argument
   * @example
   * ```ts
   * const { success, keys, keysExpired } = await manager.inspectBackup('cache.backup')
   * ```
   */
  async inspectBackup(file: string): Promise<BackupInspection> {
    assertFile(file)
    return inspectBackup(file, this.#clock)
  }

  /**
   * Reads a backup to its end and verifies the version, each checksum and each record, as a restore does
   * before its first write.
   *
   * @throws ValidationError for a bad argument
   * @example
   * ```ts
   * const { success, errors } = await manager.verifyBackup('cache.backup')
   * ```
   */
  async verifyBackup(file: string): Promise<BackupVerification> {
    const startedAt = this.#clock.now()
    const { success, keys, compressedSizeBytes, errors } = await this.inspectBackup(file)
    const verificationTime = (this.#clock.now() - startedAt) / 1_000
    return { success, backupFile: file, keys, compressedSizeBytes, verificationTime, errors }
  }
}

function assertCache(name: string, value: unknown, methods: readonly string[]): void {
  const cache = Object(value)
  if (methods.every((method) => typeof Reflect.get(cache, method) === 'function')) return
  throw invalidArgument(
    name,
    `a cache with ${methods.map((method) => `${method}()`).join(' and ')}`,
    value,
  )
}

function assertFile(value: unknown): void {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return
  throw invalidArgument('file', 'a non-empty path without null characters', value)
}

/** Rejects values such as the string 'false', which is truthy and would overwrite data. */
function assertBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidArgument(name, 'true or false', value)
}
