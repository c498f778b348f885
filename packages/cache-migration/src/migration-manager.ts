import { type Clock, ConfigurationError, systemClock } from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  integerOption,
  invalidArgument,
  invalidOption,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import { KeyRing } from '@verbatim/cache-redis'
import { AI_PREFIX, withAiPrefix, withoutAiPrefix } from './ai-keys.js'
import {
  type CheckedRun,
  checkBackupOptions,
  checkCache,
  checkDistinct,
  checkKeyspace,
  checkMigrateOptions,
  checkOtherCache,
  checkPath,
  checkRestoreOptions,
  checkRollbackOptions,
  checkValidateOptions,
  checkVerifyOptions,
} from './check-options.js'
import { compareCaches } from './compare-caches.js'
import { createBackup } from './create-backup.js'
import { inspectBackup } from './inspect-backup.js'
import { migrate } from './migrate.js'
import type {
  CreateBackupOptions,
  MigrateOptions,
  RestoreBackupOptions,
  RollbackOptions,
  ValidateOptions,
  VerifyOptions,
} from './options.js'
import { backUpKeyspace } from './redis/back-up-keyspace.js'
import { compareKeyspaces } from './redis/compare-keyspaces.js'
import { RedisKeyspace } from './redis/redis-keyspace.js'
import { copyKeyspace, restoreKeyspace } from './redis/restore-keyspace.js'
import { rollBack } from './redis/roll-back.js'
import { restoreBackup } from './restore-backup.js'
import type {
  BackupInspection,
  BackupResult,
  BackupVerification,
  DetailedValidationResult,
  MigrationResult,
  RestoreResult,
  RollbackResult,
} from './results.js'
import type { MigrationSource, MigrationTarget, WriteSettings } from './write-entries.js'

/** Options of {@link CacheMigrationManager}. */
export interface CacheMigrationManagerOptions {
  /** Number of entries that a restore has in memory at a time. 1 to 10,000. Default: 100. */
  readonly chunkSize?: number | undefined
  /**
   * Keys that encrypt every backup and journal, and decrypt them. With keys, files that are not encrypted are
   * rejected, because others could have written them. Default: none, nothing is encrypted.
   */
  readonly keys?: KeyRing | undefined
  /** Source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
}

const MANAGER_FIELDS: ReadonlySet<string> = new Set(['chunkSize', 'keys', 'clock'])
/**
 * Backs up caches and Redis to files, restores them, copies them, compares them, and undoes it.
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
  readonly #keys: KeyRing | undefined
  readonly #clock: Clock

  /** @throws ConfigurationError (`INVALID_OPTION`) for a bad or unknown option */
  constructor(options: CacheMigrationManagerOptions = {}) {
    assertKnownFields(options, MANAGER_FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { chunkSize = 100, keys, clock = systemClock } = options
    if (keys !== undefined && !(keys instanceof KeyRing)) {
      throw invalidOption('keys', 'a KeyRing', keys)
    }
    assertClock(clock)
    this.#chunkSize = integerOption('chunkSize', chunkSize, { min: 1, max: 10_000 })
    this.#keys = keys
    this.#clock = clock
  }

  /**
   * Writes every entry of a cache, or every key of a keyspace, with its expiry to a file. Only the owner can
   * read the file. The backup changes nothing in the source.
   *
   * A backup is not a snapshot: entries that change during the backup may or may not be in the file.
   *
   * @param source - a cache with `inspect()`: if an entry cannot be read, or other keys share the prefix of the
   * cache, the backup fails, no file is written and the result names the keys. Or a {@link RedisKeyspace}: keys
   * that cannot be read are in the
   * file by name, and the result is a failure. An interrupted backup of a keyspace can be resumed
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const users = await manager.createBackup(cache, 'users.backup', { pattern: 'user:*' })
   * ```
   */
  async createBackup(
    source: MigrationSource | RedisKeyspace,
    file: string,
    options: CreateBackupOptions = {},
  ): Promise<BackupResult> {
    const isRaw = source instanceof RedisKeyspace
    if (!isRaw) checkCache('source', source, ['inspect'])
    checkPath('file', file)
    const settings = { ...checkBackupOptions(options, isRaw), keys: this.#keys, clock: this.#clock }
    return isRaw ? backUpKeyspace(source, file, settings) : createBackup(source, file, settings)
  }

  /**
   * Reads a backup to its end and verifies the version, each checksum and each record, as a restore does
   * before its first write.
   *
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const { success, errors } = await manager.verifyBackup('cache.backup')
   * ```
   */
  async verifyBackup(file: string, options: VerifyOptions = {}): Promise<BackupVerification> {
    const startedAt = this.#clock.now()
    const { success, keys, compressedSizeBytes, errors } = await this.inspectBackup(file, options)
    const verificationTime = (this.#clock.now() - startedAt) / 1_000
    return { success, backupFile: file, keys, compressedSizeBytes, verificationTime, errors }
  }

  /**
   * Verifies a backup as a restore does, and describes its contents.
   *
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const { success, keys, keysExpired } = await manager.inspectBackup('cache.backup')
   * ```
   */
  async inspectBackup(file: string, options: VerifyOptions = {}): Promise<BackupInspection> {
    checkPath('file', file)
    const settings = checkVerifyOptions(options)
    return inspectBackup(file, { ...settings, keys: this.#keys, clock: this.#clock })
  }

  /**
   * Writes the keys of a backup into a cache or a keyspace. Keys expire at the time at which they would have
   * expired in the source. The whole file is verified before the first write.
   *
   * @param target - a {@link RedisKeyspace} for a backup of a keyspace; a cache with `add()` and `set()` for
   * a backup of a cache. A dry run needs `exists()`
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const restore = await manager.restoreBackup('users.backup', cache, { conflict: 'replace' })
   * ```
   */
  async restoreBackup(
    file: string,
    target: MigrationTarget | RedisKeyspace,
    options: RestoreBackupOptions = {},
  ): Promise<RestoreResult> {
    const isRaw = target instanceof RedisKeyspace
    checkPath('file', file)
    const settings = checkRestoreOptions(options, isRaw)
    if (!isRaw) checkCache('target', target, methodsFor(settings))
    if (isRaw)
      return restoreKeyspace(file, target, { ...settings, keys: this.#keys, clock: this.#clock })
    return restoreBackup(file, target, { ...this.#writeSettings(settings), keys: this.#keys })
  }

  /**
   * Copies the entries of a cache to another cache, or the keys of a keyspace to another keyspace. The source
   * does not change.
   *
   * @param source - a cache with `inspect()`, or a {@link RedisKeyspace}
   * @param target - a cache with `add()` and `set()`, or a {@link RedisKeyspace}, as the source. A
   * dry run into a cache needs `exists()`
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const { success, keysMigrated } = await manager.migrate(memoryCache, redisCache)
   * ```
   */
  async migrate(
    source: MigrationSource | RedisKeyspace,
    target: MigrationTarget | RedisKeyspace,
    options: MigrateOptions = {},
  ): Promise<MigrationResult> {
    const isRaw = source instanceof RedisKeyspace
    if (isRaw) {
      checkKeyspace('target', target)
      const settings = {
        ...checkMigrateOptions(options, true),
        keys: this.#keys,
        clock: this.#clock,
      }
      return copyKeyspace(source, target, settings)
    }
    checkCache('source', source, ['inspect'])
    const { pattern, allowForeign, ...settings } = checkMigrateOptions(options, false)
    checkOtherCache(target, methodsFor(settings))
    checkDistinct(source, target)
    const cache = target as MigrationTarget
    return migrate(source, cache, { ...this.#writeSettings(settings), pattern, allowForeign })
  }

  /**
   * Copies the entries of AI caches, whose keys in Redis start with `ai_cache:`. Other keys of the source are left
   * out. Between an `AIResponseCache`, whose keys have no prefix, and another cache, the prefix is added or
   * removed.
   *
   * @param source - as for {@link CacheMigrationManager.migrate}
   * @param target - as for {@link CacheMigrationManager.migrate}
   * @throws ValidationError for bad arguments and unknown options, and for the option `pattern`
   * @example
   * ```ts
   * await manager.migrateAiCacheData(oldAiCache, newAiCache, { conflict: 'skip' })
   * ```
   */
  async migrateAiCacheData(
    source: MigrationSource | RedisKeyspace,
    target: MigrationTarget | RedisKeyspace,
    options: Omit<MigrateOptions, 'pattern'> = {},
  ): Promise<MigrationResult> {
    const pattern: unknown = Reflect.get(Object(options), 'pattern')
    if (pattern !== undefined) throw invalidArgument('pattern', 'left out', pattern)
    if (source instanceof RedisKeyspace || target instanceof RedisKeyspace) {
      return this.migrate(source, target, { ...options, pattern: `${AI_PREFIX}*` })
    }
    checkCache('source', source, ['inspect'])
    checkOtherCache(target, ['add', 'set'])
    checkDistinct(source, target)
    return this.migrate(withAiPrefix(source), withoutAiPrefix(target), {
      ...options,
      pattern: `${AI_PREFIX}*`,
    })
  }

  /**
   * Compares the keys, values and TTLs of two caches, or of two keyspaces. Changes nothing.
   *
   * @param source - a cache with `inspect()`, or a {@link RedisKeyspace}
   * @param target - as the source
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const { success, keysMissingTarget } = await manager.validateDataConsistency(oldCache, newCache)
   * ```
   */
  async validateDataConsistency(
    source: MigrationSource | RedisKeyspace,
    target: MigrationSource | RedisKeyspace,
    options: ValidateOptions = {},
  ): Promise<DetailedValidationResult> {
    if (source instanceof RedisKeyspace) {
      checkKeyspace('target', target)
      const settings = { ...checkValidateOptions(options, true), clock: this.#clock }
      return compareKeyspaces(source, target, settings)
    }
    checkCache('source', source, ['inspect'])
    checkOtherCache(target, ['inspect'])
    const settings = { ...checkValidateOptions(options, false), clock: this.#clock }
    return compareCaches(source, target as MigrationSource, settings)
  }

  /**
   * Restores the keys that a restore or a migration with a journal has written, where a key is still as the run
   * left it. The result lists all other keys, and they stay as they are. A rollback can be interrupted and
   * repeated.
   *
   * @param journal - path of the journal
   * @param target - the target of the run
   * @throws ValidationError for bad arguments and unknown options
   * @example
   * ```ts
   * const { success, keysChangedByOthers } = await manager.rollback('copy.journal', target)
   * ```
   */
  async rollback(
    journal: string,
    target: RedisKeyspace,
    options: RollbackOptions = {},
  ): Promise<RollbackResult> {
    checkPath('journal', journal)
    checkKeyspace('target', target)
    return rollBack(journal, target, {
      ...checkRollbackOptions(options),
      keys: this.#keys,
      clock: this.#clock,
    })
  }

  #writeSettings({ conflict, ...settings }: CheckedRun): WriteSettings {
    const policy = conflict === 'replace' ? 'replace' : 'skip'
    return { ...settings, conflict: policy, chunkSize: this.#chunkSize, clock: this.#clock }
  }
}

/** Returns the methods that a cache needs as a target. */
function methodsFor({ dryRun }: CheckedRun): string[] {
  return dryRun ? ['add', 'set', 'exists'] : ['add', 'set']
}
