import {
  assertClock,
  assertKnownFields,
  assertPattern,
  assertSignal,
  type CacheInterface,
  type Clock,
  ConfigurationError,
  integerOption,
  invalidArgument,
  recognizeCopies,
  systemClock,
} from '@verbatim/cache-core'
import { createBackup } from './create-backup.js'
import { inspectBackup } from './inspect-backup.js'
import { restoreBackup } from './restore-backup.js'
import type { BackupInspection, BackupResult, RestoreResult } from './results.js'

export interface CacheMigrationManagerOptions {
  /**
   * Entries that a restore holds in memory at a time. 1 to 10,000. Default: 100.
   */
  readonly chunkSize?: number | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
}

export interface CreateBackupOptions {
  /** A glob; only keys that match are backed up. Default: `'*'`, every key. */
  readonly pattern?: string | undefined
  /** Whether to replace an existing file. Default: false. */
  readonly overwrite?: boolean | undefined
  /** Ends the backup early: it fails, and no file is written. Default: none. */
  readonly signal?: AbortSignal | undefined
}

export interface RestoreBackupOptions {
  /**
   * Whether to replace keys that the target already has, and anything else under their names.
   * Default: false.
   */
  readonly overwrite?: boolean | undefined
  /** Ends the restore early: it fails, and entries that were written stay. Default: none. */
  readonly signal?: AbortSignal | undefined
}

const MANAGER_FIELDS: ReadonlySet<string> = new Set(['chunkSize', 'clock'])
const BACKUP_FIELDS: ReadonlySet<string> = new Set(['pattern', 'overwrite', 'signal'])
const RESTORE_FIELDS: ReadonlySet<string> = new Set(['overwrite', 'signal'])

/**
 * Copies the entries of a cache to a file, and from a file into any other cache.
 *
 * Methods throw only for bad arguments. Their results report every failure of a file or a cache; see
 * {@link BackupResult.success}. Errors in results name keys and never show a value.
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
   * @param source - a cache whose `inspect()` can list its entries. The backup changes nothing in the
   * cache. It names every entry that cannot be read, and fails
   * @throws ValidationError for bad arguments and unknown options
   */
  async createBackup(
    source: CacheInterface,
    file: string,
    options: CreateBackupOptions = {},
  ): Promise<BackupResult> {
    assertKnownFields(options, BACKUP_FIELDS, 'options')
    const { pattern = '*', overwrite = false, signal } = options
    assertCache('source', source, ['inspect'])
    assertFile(file)
    assertPattern(pattern)
    assertBoolean('overwrite', overwrite)
    assertSignal(signal)
    return createBackup(source, file, {
      pattern,
      overwrite,
      signal,
      clock: this.#clock,
    })
  }

  /**
   * Writes the entries of a backup into a cache. Each keeps the TTL it had, less the time since the
   * backup. The whole file is verified before the first entry is written.
   *
   * @param target - a cache that has `add()` and `set()`. Without `overwrite`, keys that it already
   * has are skipped, and so are names that hold something else
   * @throws ValidationError for bad arguments and unknown options
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
   */
  async inspectBackup(file: string): Promise<BackupInspection> {
    assertFile(file)
    return inspectBackup(file, this.#clock)
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
  throw invalidArgument('file', 'a path that is not empty and has no null character', value)
}

/** Checked, because a string such as 'false' is truthy and would cost data. */
function assertBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidArgument(name, 'true or false', value)
}
