import {
  assertKnownFields,
  assertPattern,
  assertSignal,
  flagArgument,
  invalidArgument,
} from '@verbatim/cache-core/implement'
import { type Compression, checkCompression, DEFAULT_COMPRESSION } from './file/compression.js'
import { Pace, type Rate } from './redis/pace.js'
import type { Conflict } from './redis/record-writer.js'
import { RedisKeyspace } from './redis/redis-keyspace.js'

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
  /** Stops the comparison. The result is a failure. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link CacheMigrationManager.rollback}. */
export interface RollbackOptions {
  /** Stops the rollback. It can be repeated. Default: none. */
  readonly signal?: AbortSignal | undefined
}

const BACKUP_FIELDS = fieldsOf<CreateBackupOptions>({
  pattern: true,
  overwrite: true,
  allowEmpty: true,
  allowForeign: true,
  compression: true,
  resume: true,
  portable: true,
  rate: true,
  signal: true,
})
const RESTORE_FIELDS = fieldsOf<RestoreBackupOptions>({
  conflict: true,
  journal: true,
  resume: true,
  dryRun: true,
  signal: true,
})
const MIGRATE_FIELDS = new Set([...RESTORE_FIELDS, 'pattern', 'allowForeign', 'rate'])
const VALIDATE_FIELDS = fieldsOf<ValidateOptions>({
  pattern: true,
  allowForeign: true,
  ttlTolerance: true,
  rate: true,
  signal: true,
})
const ROLLBACK_FIELDS = fieldsOf<RollbackOptions>({ signal: true })

const CONFLICTS = ['skip', 'replace', 'newer'] as const

/** Options that need a keyspace, and that a cache does not support. */
const RAW_ONLY = ['journal', 'resume', 'portable', 'rate'] as const

function fieldsOf<T>(fields: Readonly<Record<keyof T & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(fields))
}

/** @throws ValidationError for bad and unknown options */
export function checkBackupOptions(
  options: CreateBackupOptions,
  isRaw: boolean,
): {
  readonly pace: Pace
  readonly signal: AbortSignal | undefined
  readonly compression: Compression
  readonly pattern: string
  readonly overwrite: boolean
  readonly allowEmpty: boolean
  readonly allowForeign: boolean
  readonly resume: boolean
  readonly portable: boolean
} {
  assertKnownFields(options, BACKUP_FIELDS, 'options')
  if (!isRaw) assertNotRaw(options)
  return {
    pattern: checkPattern(options.pattern),
    overwrite: flagArgument('overwrite', options.overwrite),
    allowEmpty: flagArgument('allowEmpty', options.allowEmpty, true),
    allowForeign: checkAllowForeign(options, isRaw),
    resume: flagArgument('resume', options.resume),
    portable: flagArgument('portable', options.portable),
    compression: checkCompression(options.compression ?? DEFAULT_COMPRESSION),
    pace: checkRate(options.rate),
    signal: checkSignal(options.signal),
  }
}

/** The checked options of a run that writes. */
export interface CheckedRun {
  readonly conflict: Conflict
  readonly journal: string | undefined
  readonly resume: boolean
  readonly dryRun: boolean
  readonly signal: AbortSignal | undefined
}

/** @throws ValidationError for bad and unknown options */
export function checkRestoreOptions(options: RestoreBackupOptions, isRaw: boolean): CheckedRun {
  assertKnownFields(options, RESTORE_FIELDS, 'options')
  return checkRun(options, isRaw)
}

/** @throws ValidationError for bad and unknown options */
export function checkMigrateOptions(
  options: MigrateOptions,
  isRaw: boolean,
): CheckedRun & {
  readonly pattern: string
  readonly allowForeign: boolean
  readonly pace: Pace
} {
  assertKnownFields(options, MIGRATE_FIELDS, 'options')
  return {
    ...checkRun(options, isRaw),
    pattern: checkPattern(options.pattern),
    allowForeign: checkAllowForeign(options, isRaw),
    pace: checkRate(options.rate),
  }
}

/** @throws ValidationError for bad and unknown options */
export function checkValidateOptions(
  options: ValidateOptions,
  isRaw: boolean,
): {
  readonly pattern: string
  readonly allowForeign: boolean
  readonly toleranceMs: number
  readonly pace: Pace
  readonly signal: AbortSignal | undefined
} {
  assertKnownFields(options, VALIDATE_FIELDS, 'options')
  if (!isRaw) assertNotRaw(options)
  const { ttlTolerance = 5 } = options
  if (!(typeof ttlTolerance === 'number' && ttlTolerance >= 0)) {
    throw invalidArgument('ttlTolerance', 'a number of seconds, 0 or more', ttlTolerance)
  }
  return {
    pattern: checkPattern(options.pattern),
    allowForeign: checkAllowForeign(options, isRaw),
    toleranceMs: ttlTolerance * 1_000,
    pace: checkRate(options.rate),
    signal: checkSignal(options.signal),
  }
}

/** @throws ValidationError for bad and unknown options */
export function checkRollbackOptions(options: RollbackOptions): {
  readonly signal: AbortSignal | undefined
} {
  assertKnownFields(options, ROLLBACK_FIELDS, 'options')
  return { signal: checkSignal(options.signal) }
}

/** @throws ValidationError for a value that is not a path */
export function checkPath(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return
  throw invalidArgument(name, 'a non-empty path without null characters', value)
}

/** @throws ValidationError for a value that has not all of the methods */
export function checkCache(name: string, value: unknown, methods: readonly string[]): void {
  const cache = Object(value)
  if (methods.every((method) => typeof Reflect.get(cache, method) === 'function')) return
  const list = methods.map((method) => `${method}()`).join(' and ')
  throw invalidArgument(name, `a RedisKeyspace, or a cache with ${list}`, value)
}

/** @throws ValidationError for another value */
export function checkKeyspace(name: string, value: unknown): asserts value is RedisKeyspace {
  if (value instanceof RedisKeyspace) return
  throw invalidArgument(name, 'a RedisKeyspace', value)
}

function checkRun(options: RestoreBackupOptions, isRaw: boolean): CheckedRun {
  if (!isRaw) assertNotRaw(options)
  const { conflict = 'skip', journal } = options
  const choices = isRaw ? CONFLICTS : CONFLICTS.slice(0, 2)
  if (!choices.includes(conflict)) {
    const rule = `one of ${choices.map((each) => `'${each}'`).join(', ')}`
    throw invalidArgument('conflict', isRaw ? rule : `${rule} for a cache`, conflict)
  }
  if (journal !== undefined) checkPath('journal', journal)
  const resume = flagArgument('resume', options.resume)
  if (resume && journal === undefined) {
    throw invalidArgument(
      'journal',
      'the journal of the interrupted run if resume is true',
      journal,
    )
  }
  return {
    conflict,
    journal,
    resume,
    dryRun: flagArgument('dryRun', options.dryRun),
    signal: checkSignal(options.signal),
  }
}

/** Rejects options that only a keyspace supports: without their effect, data could be lost. */
function assertNotRaw(options: object): void {
  for (const name of RAW_ONLY) {
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined) throw invalidArgument(name, 'given only with a RedisKeyspace', value)
  }
}

/** Rejects the option for a keyspace, which has no foreign keys. */
function checkAllowForeign(
  { allowForeign }: Pick<CreateBackupOptions, 'allowForeign'>,
  isRaw: boolean,
): boolean {
  if (isRaw && allowForeign !== undefined) {
    throw invalidArgument('allowForeign', 'given only with a cache', allowForeign)
  }
  return flagArgument('allowForeign', allowForeign)
}

function checkPattern(pattern: unknown = '*'): string {
  assertPattern(pattern)
  return pattern
}

function checkRate(rate: unknown): Pace {
  const isNumber = typeof rate === 'number' && Number.isFinite(rate) && rate >= 1
  if (rate === undefined || rate === 'unlimited' || isNumber) return new Pace(rate)
  throw invalidArgument('rate', "a number of keys per second, 1 or more, or 'unlimited'", rate)
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  assertSignal(signal)
  return signal
}
