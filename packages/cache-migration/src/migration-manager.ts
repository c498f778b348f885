import {
  assertPattern,
  type CacheInterface,
  type Clock,
  describeType,
  integerOption,
  systemClock,
  ValidationError,
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
  /** Whether a file of that name is replaced. Default: false. */
  readonly overwrite?: boolean | undefined
}

export interface RestoreBackupOptions {
  /**
   * Whether keys that the target already has are replaced, and whatever else has their names. Default:
   * false.
   */
  readonly overwrite?: boolean | undefined
}

/**
 * Carries the contents of a cache to a file, and from there into any other cache.
 *
 * What goes wrong with a file or a cache is told by the result, never thrown; see
 * {@link BackupResult.success}. Errors in results name keys and never show a value.
 */
export class CacheMigrationManager {
  readonly #chunkSize: number
  readonly #clock: Clock

  /** @throws ConfigurationError (`INVALID_OPTION`) */
  constructor({ chunkSize = 100, clock = systemClock }: CacheMigrationManagerOptions = {}) {
    this.#chunkSize = integerOption('chunkSize', chunkSize, { min: 1, max: 10_000 })
    this.#clock = clock
  }

  /**
   * Writes every entry of a cache, with what is left of its life, to a new file. The file is whole
   * or, when anything at all went wrong, not there; only its owner can read it.
   *
   * It is not a snapshot: what is written to the cache meanwhile may or may not be in the file.
   *
   * @param source - any cache that can `inspect()`: every one that can list its keys. Nothing in it is
   * changed; an entry that cannot be read is named, and the backup fails
   * @throws ValidationError for bad arguments
   */
  async createBackup(
    source: CacheInterface,
    file: string,
    { pattern = '*', overwrite = false }: CreateBackupOptions = {},
  ): Promise<BackupResult> {
    assertCache('source', source, ['inspect'])
    assertFile(file)
    assertPattern(pattern)
    assertBoolean('overwrite', overwrite)
    return createBackup(source, file, {
      pattern,
      overwrite,
      clock: this.#clock,
    })
  }

  /**
   * Writes the entries of a backup into a cache, each for what is left of its life: the time since
   * the backup counts. The whole file is verified before the first of them is written.
   *
   * @throws ValidationError for bad arguments
   */
  async restoreBackup(
    file: string,
    target: CacheInterface,
    { overwrite = false }: RestoreBackupOptions = {},
  ): Promise<RestoreResult> {
    assertFile(file)
    assertCache('target', target, ['add', 'set'])
    assertBoolean('overwrite', overwrite)
    return restoreBackup(file, target, {
      overwrite,
      chunkSize: this.#chunkSize,
      clock: this.#clock,
    })
  }

  /**
   * Verifies a backup as a restore would, and tells what is in it.
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
  throw badArgument(name, value, `a cache that has ${methods.join(', ')}`)
}

function assertFile(value: unknown): void {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return
  throw badArgument('file', value, 'the path of a file, not empty and without a null character')
}

/** A string such as 'false' would otherwise count as true, and data be lost. */
function assertBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw badArgument(name, value, 'true or false')
}

function badArgument(name: string, value: unknown, allowed: string): ValidationError {
  return new ValidationError(`${name} is ${describeType(value)}; allowed: ${allowed}`, {
    context: { argument: name },
  })
}
