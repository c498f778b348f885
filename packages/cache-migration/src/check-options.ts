import {
  assertKnownFields,
  assertPattern,
  assertSignal,
  flagArgument,
  invalidArgument,
} from '@verbatim/cache-core/implement'
import { type Compression, checkCompression, DEFAULT_COMPRESSION } from './file/compression.js'
import type {
  CreateBackupOptions,
  MigrateOptions,
  RestoreBackupOptions,
  RollbackOptions,
  ValidateOptions,
  VerifyOptions,
} from './options.js'
import type { OnProgress } from './progress.js'
import { Pace } from './redis/pace.js'
import type { Conflict } from './redis/record-writer.js'
import { RedisKeyspace } from './redis/redis-keyspace.js'

const BACKUP_FIELDS = fieldsOf<CreateBackupOptions>({
  pattern: true,
  overwrite: true,
  allowEmpty: true,
  allowForeign: true,
  compression: true,
  resume: true,
  portable: true,
  rate: true,
  onProgress: true,
  signal: true,
})
const RESTORE_FIELDS = fieldsOf<RestoreBackupOptions>({
  conflict: true,
  journal: true,
  resume: true,
  dryRun: true,
  concurrency: true,
  onProgress: true,
  signal: true,
})
const MIGRATE_FIELDS = new Set([...RESTORE_FIELDS, 'pattern', 'allowForeign', 'rate'])
const VALIDATE_FIELDS = fieldsOf<ValidateOptions>({
  pattern: true,
  allowForeign: true,
  ttlTolerance: true,
  rate: true,
  onProgress: true,
  signal: true,
})
const VERIFY_FIELDS = fieldsOf<VerifyOptions>({ signal: true })
const ROLLBACK_FIELDS = fieldsOf<RollbackOptions>({ onProgress: true, signal: true })

const CONFLICTS = ['skip', 'replace', 'newer'] as const

/** Options that need a keyspace, and that a cache does not support. */
const RAW_ONLY = ['journal', 'resume', 'portable', 'rate'] as const
/** Options that need a cache: a keyspace has no foreign keys, and gets its keys in batches. */
const CACHE_ONLY = ['allowForeign', 'concurrency'] as const

function fieldsOf<T>(fields: Readonly<Record<keyof T & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(fields))
}

/** @throws ValidationError for bad and unknown options */
export function checkBackupOptions(
  options: CreateBackupOptions,
  isRaw: boolean,
): {
  readonly pace: Pace
  readonly onProgress: OnProgress | undefined
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
  assertMode(options, isRaw)
  return {
    pattern: checkPattern(options.pattern),
    overwrite: flagArgument('overwrite', options.overwrite),
    allowEmpty: flagArgument('allowEmpty', options.allowEmpty, true),
    allowForeign: flagArgument('allowForeign', options.allowForeign),
    resume: flagArgument('resume', options.resume),
    portable: flagArgument('portable', options.portable),
    compression: checkCompression(options.compression ?? DEFAULT_COMPRESSION),
    pace: checkRate(options.rate),
    onProgress: checkOnProgress(options.onProgress),
    signal: checkSignal(options.signal),
  }
}

/** The checked options of a run that writes. */
export interface CheckedRun {
  readonly conflict: Conflict
  readonly journal: string | undefined
  readonly resume: boolean
  readonly dryRun: boolean
  readonly concurrency: number
  readonly onProgress: OnProgress | undefined
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
    allowForeign: flagArgument('allowForeign', options.allowForeign),
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
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
} {
  assertKnownFields(options, VALIDATE_FIELDS, 'options')
  assertMode(options, isRaw)
  const { ttlTolerance = 5 } = options
  if (!(typeof ttlTolerance === 'number' && ttlTolerance >= 0)) {
    throw invalidArgument('ttlTolerance', 'a number of seconds, 0 or more', ttlTolerance)
  }
  return {
    pattern: checkPattern(options.pattern),
    allowForeign: flagArgument('allowForeign', options.allowForeign),
    toleranceMs: ttlTolerance * 1_000,
    pace: checkRate(options.rate),
    onProgress: checkOnProgress(options.onProgress),
    signal: checkSignal(options.signal),
  }
}

/** @throws ValidationError for bad and unknown options */
export function checkRollbackOptions(options: RollbackOptions): {
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
} {
  assertKnownFields(options, ROLLBACK_FIELDS, 'options')
  return {
    onProgress: checkOnProgress(options.onProgress),
    signal: checkSignal(options.signal),
  }
}

/** @throws ValidationError for bad and unknown options */
export function checkVerifyOptions(options: VerifyOptions): {
  readonly signal: AbortSignal | undefined
} {
  assertKnownFields(options, VERIFY_FIELDS, 'options')
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

/** @throws ValidationError for a target that is not a cache, as its source, or that has not all of the methods */
export function checkOtherCache(value: unknown, methods: readonly string[]): void {
  if (value instanceof RedisKeyspace) throw invalidArgument('target', 'a cache, as source', value)
  checkCache('target', value, methods)
}

/**
 * Checks that a cache is not copied to itself. To list a cache and write to it at the same time may never end.
 *
 * @throws ValidationError
 */
export function checkDistinct(source: unknown, target: unknown): void {
  if (source === target) throw invalidArgument('target', 'another cache than source', target)
}

/** @throws ValidationError for another value */
export function checkKeyspace(name: string, value: unknown): asserts value is RedisKeyspace {
  if (value instanceof RedisKeyspace) return
  throw invalidArgument(name, 'a RedisKeyspace', value)
}

function checkRun(options: RestoreBackupOptions, isRaw: boolean): CheckedRun {
  assertMode(options, isRaw)
  const { conflict = 'skip', journal } = options
  const choices = isRaw ? CONFLICTS : CONFLICTS.slice(0, 2)
  if (!choices.includes(conflict)) {
    const rule = `one of ${choices.map((each) => `'${each}'`).join(', ')}`
    throw invalidArgument('conflict', isRaw ? rule : `${rule} for a cache`, conflict)
  }
  if (journal !== undefined) checkPath('journal', journal)
  const resume = flagArgument('resume', options.resume)
  const dryRun = flagArgument('dryRun', options.dryRun)
  // Resuming removes an incomplete step from the journal, and a dry run writes nothing.
  if (resume && dryRun) throw invalidArgument('resume', 'left out in a dry run', resume)
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
    dryRun,
    concurrency: checkConcurrency(options.concurrency),
    onProgress: checkOnProgress(options.onProgress),
    signal: checkSignal(options.signal),
  }
}

/** Rejects options that the other mode alone supports: without their effect, data could be lost. */
function assertMode(options: object, isRaw: boolean): void {
  const rule = isRaw ? 'given only with a cache' : 'given only with a RedisKeyspace'
  for (const name of isRaw ? CACHE_ONLY : RAW_ONLY) {
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined) throw invalidArgument(name, rule, value)
  }
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

function checkOnProgress(onProgress: unknown): OnProgress | undefined {
  if (onProgress === undefined || typeof onProgress === 'function') {
    return onProgress as OnProgress | undefined
  }
  throw invalidArgument('onProgress', 'a function', onProgress)
}

function checkConcurrency(concurrency = 200): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 1_000) return concurrency
  throw invalidArgument('concurrency', 'an integer from 1 to 1,000', concurrency)
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  assertSignal(signal)
  return signal
}
