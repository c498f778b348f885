import { readFile } from 'node:fs/promises'
import { ValidationError } from '@verbatim/cache-core'
import { redisUrlFrom } from '@verbatim/cache-core/command-line'
import {
  DEFAULT_REDIS_URL,
  GenericRedisCache,
  isRedisUrl,
  KeyRing,
  REDIS_URL_FORM,
} from '@verbatim/cache-redis'
import { confirmWrite } from './confirmation.js'
import { CacheMigrationManager } from './migration-manager.js'
import { showProgress } from './progress-display.js'
import type { Rate } from './redis/pace.js'
import type { Conflict } from './redis/record-writer.js'
import { RedisKeyspace } from './redis/redis-keyspace.js'
import { isStandard, withInput, withOutput } from './standard-streams.js'

/** Milliseconds. Longer than the default of a cache, because no request waits for the command. */
const COMMAND_TIMEOUT = 10_000

const URL_RULE = { isRedisUrl, form: REDIS_URL_FORM }

const DEFAULT_JOURNAL = 'cache-migrate.journal'

interface FileOptions {
  readonly keysFile?: string
  readonly json?: true
}

interface CommonOptions extends FileOptions {
  readonly redisUrl?: string
}

interface RunOptions extends CommonOptions {
  readonly conflict: Conflict
  /** False after `--no-journal`. */
  readonly journal: string | boolean
  readonly resume?: true
  readonly dryRun?: true
  readonly yes?: true
}

interface BackupOptions extends CommonOptions {
  readonly keyPrefix?: string
  readonly file: string
  readonly pattern?: string
  readonly overwrite?: true
  readonly allowEmpty?: true
  readonly allowForeign?: true
  readonly portable?: true
  readonly resume?: true
  readonly rate?: Rate
}

interface RestoreOptions extends RunOptions {
  readonly keyPrefix?: string
  readonly file: string
  readonly concurrency?: number
}

interface CopyOptions extends RunOptions {
  readonly targetUrl?: string
  readonly pattern?: string
  readonly rate?: Rate
}

interface DiffOptions extends CommonOptions {
  readonly targetUrl?: string
  readonly pattern?: string
  readonly rate?: Rate
}

interface RunOutcome {
  readonly success: boolean
  readonly canResume: boolean
  readonly keysFailed: number
}

interface Outcome {
  readonly success: boolean
  readonly errors: readonly string[]
  readonly warnings?: readonly string[]
  readonly backupFile?: string
}

/** @throws errors of the file system, and ConfigurationError for a file that is not a key ring */
async function createManager({ keysFile }: FileOptions): Promise<CacheMigrationManager> {
  if (keysFile === undefined) return new CacheMigrationManager()
  return new CacheMigrationManager({
    keys: KeyRing.parse((await readFile(keysFile, 'utf8')).trim()),
  })
}

export async function backup(options: BackupOptions, signal: AbortSignal): Promise<void> {
  const manager = await createManager(options)
  const { overwrite, pattern, allowEmpty = false, allowForeign } = options
  const { portable, resume, rate } = options
  const checks = { overwrite, allowEmpty, allowForeign }
  const settings = { ...checks, pattern, portable, resume, rate, signal }
  const result = await withOutput(options.file, signal, (file) =>
    withSource(options, true, (source) =>
      showProgress((onProgress) => manager.createBackup(source, file, { ...settings, onProgress })),
    ),
  )
  const { keysBackedUp, compressedSizeBytes } = result
  // Standard output carries the backup itself.
  const output = isStandard(options.file) ? process.stderr : process.stdout
  const summary = [`backed up ${keysBackedUp} keys (${compressedSizeBytes} bytes)`]
  report({ ...result, backupFile: options.file }, options.json, summary, output)
  // The temporary file of a backup to standard output is gone.
  if (result.canResume && !isStandard(options.file)) {
    process.stderr.write('to continue, run the same command with --resume\n')
  }
  if (result.keysForeign > 0 && !allowForeign) {
    process.stderr.write('to leave these keys out, add --allow-foreign\n')
    process.stderr.write('to back up all keys of Redis, leave out --key-prefix\n')
  }
}

export async function restore(options: RestoreOptions, signal: AbortSignal): Promise<void> {
  const manager = await createManager(options)
  const { keyPrefix, conflict, resume, dryRun, concurrency } = options
  const journal = keyPrefix === undefined ? journalOf(options) : givenJournalOf(options)
  const settings = { conflict, journal, resume, dryRun, concurrency, signal }
  const result = await withInput(options.file, signal, (file) =>
    withSource(options, dryRun === true, async (target) => {
      await confirmWrite(options, target, signal)
      return showProgress((onProgress) =>
        manager.restoreBackup(file, target, { ...settings, onProgress }),
      )
    }),
  )
  const { keysRestored, keysSkipped, keysExpired, keysFailed } = result
  const verb = dryRun ? 'would restore' : 'restored'
  reportRun({ ...result, backupFile: options.file }, options.json, [
    `${verb} ${keysRestored} keys; ${keysSkipped} already existed, ${keysExpired} had expired, ${keysFailed} failed`,
  ])
  if (keyPrefix !== undefined && signal.aborted) {
    process.stderr.write('to continue, run the same command again\n')
  }
  advise(journal, options, result, keysRestored)
}

export async function copy(options: CopyOptions, signal: AbortSignal): Promise<void> {
  const manager = await createManager(options)
  const { pattern, conflict, resume, dryRun, rate } = options
  const journal = journalOf(options)
  const settings = { pattern, conflict, journal, resume, dryRun, rate, signal }
  const targetUrl = targetUrlFrom(options.targetUrl)
  const result = await withKeyspace(options.redisUrl, (source) =>
    withKeyspace(targetUrl, async (target) => {
      await confirmWrite(options, target, signal)
      return showProgress((onProgress) =>
        manager.migrate(source, target, { ...settings, onProgress }),
      )
    }),
  )
  const { keysMigrated, keysSkipped, keysExpired, keysFailed } = result
  const verb = dryRun ? 'would copy' : 'copied'
  reportRun(result, options.json, [
    `${verb} ${keysMigrated} keys; ${keysSkipped} already existed, ${keysExpired} had expired, ${keysFailed} failed`,
  ])
  advise(journal, options, result, keysMigrated)
}

export async function diff(options: DiffOptions, signal: AbortSignal): Promise<void> {
  const manager = await createManager({})
  const { pattern, rate } = options
  const targetUrl = targetUrlFrom(options.targetUrl)
  const result = await withKeyspace(options.redisUrl, (source) =>
    withKeyspace(targetUrl, (target) =>
      showProgress((onProgress) =>
        manager.validateDataConsistency(source, target, { pattern, rate, onProgress, signal }),
      ),
    ),
  )
  const { totalKeysChecked, keysMatched, keysMismatched, ttlDeltas } = result
  const { keysMissingSource, keysMissingTarget, mismatchedKeys } = result
  const summary = [
    `${totalKeysChecked} keys: ${keysMatched} equal, ${keysMismatched} different, ${result.totalMismatches - keysMismatched} only on one side, ${Object.keys(ttlDeltas).length} with another TTL`,
    ...mismatchedKeys.map((key) => `different: ${JSON.stringify(key)}`),
    ...keysMissingTarget.map((key) => `only in the source: ${JSON.stringify(key)}`),
    ...keysMissingSource.map((key) => `only in the target: ${JSON.stringify(key)}`),
    ...Object.keys(ttlDeltas).map((key) => `another TTL: ${JSON.stringify(key)}`),
  ]
  if (!options.json && !result.success) process.stdout.write(`${summary.join('\n')}\n`)
  report(result, options.json, summary)
}

export async function rollBack(
  journal: string,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<void> {
  const manager = await createManager(options)
  const result = await withKeyspace(options.redisUrl, (target) =>
    showProgress((onProgress) => manager.rollback(journal, target, { onProgress, signal })),
  )
  const { keysRestored, keysUnchanged } = result
  reportRun(result, options.json, [
    `rolled back ${keysRestored} keys; ${keysUnchanged} were as before`,
  ])
  if (signal.aborted) process.stderr.write('to continue, run the same command again\n')
}

export async function inspect(
  file: string,
  options: FileOptions,
  signal: AbortSignal,
): Promise<void> {
  const manager = await createManager(options)
  const result = await withInput(file, signal, (path) => manager.inspectBackup(path, { signal }))
  const { keys, keysExpired, totalSizeBytes, compressedSizeBytes } = result
  // The quotes escape line feeds and terminal codes in texts of the file.
  const [createdAt, source, pattern] = [
    result.createdAt,
    result.sourceCacheType,
    result.pattern,
  ].map((text) => JSON.stringify(text))
  report({ ...result, backupFile: file }, options.json, [
    `${keys} keys (${keysExpired} expired), ${totalSizeBytes} bytes, ${compressedSizeBytes} compressed`,
    `created at ${createdAt} from ${source}, pattern ${pattern}`,
    'version, number of entries and checksum are valid',
  ])
}

export async function verify(
  file: string,
  options: FileOptions,
  signal: AbortSignal,
): Promise<void> {
  const manager = await createManager(options)
  const result = await withInput(file, signal, (path) => manager.verifyBackup(path, { signal }))
  report({ ...result, backupFile: file }, options.json, [
    `${result.keys} keys (${result.compressedSizeBytes} bytes), every checksum is valid`,
  ])
}

/** Returns the journal of a run on a keyspace. */
function journalOf({ journal, dryRun }: RunOptions): string | undefined {
  if (journal === false || dryRun) return undefined
  return typeof journal === 'string' ? journal : DEFAULT_JOURNAL
}

/** Returns the journal only if the user named one, which a cache rejects. */
function givenJournalOf({ journal }: RunOptions): string | undefined {
  return typeof journal === 'string' ? journal : undefined
}

/** Prints how to continue or undo a run that has written, or could have. */
function advise(
  journal: string | undefined,
  { json }: CommonOptions,
  { success, canResume, keysFailed }: RunOutcome,
  written: number,
): void {
  if (journal === undefined) return
  // The quotes escape line feeds and terminal codes in a path.
  const undo = `to undo, run cache-migrate rollback ${JSON.stringify(journal)} on the target\n`
  if (success) {
    if (!json) process.stdout.write(undo)
  } else if (canResume) {
    process.stderr.write(`to continue, run the same command with --resume\n${undo}`)
  } else {
    if (keysFailed > 0) {
      process.stderr.write(
        'to write the failed keys, run the command again with another --journal\n',
      )
    }
    if (written > 0) process.stderr.write(undo)
  }
}

function targetUrlFrom(flag: string | undefined): string {
  const url = redisUrlFrom(flag, URL_RULE, { flag: '--target-url', variable: 'TARGET_REDIS_URL' })
  if (url !== undefined) return url
  throw new ValidationError('--target-url must be given, or the variable TARGET_REDIS_URL')
}

function sourceUrlFrom(flag: string | undefined): string {
  return redisUrlFrom(flag, URL_RULE) ?? DEFAULT_REDIS_URL
}

/** Calls `work` with the cache of a prefix, or with all keys of Redis if there is no prefix. */
function withSource<T>(
  { redisUrl, keyPrefix }: Pick<BackupOptions, 'redisUrl' | 'keyPrefix'>,
  readOnly: boolean,
  work: (source: GenericRedisCache | RedisKeyspace) => Promise<T>,
): Promise<T> {
  return keyPrefix === undefined
    ? withKeyspace(redisUrl, work)
    : withCache({ redisUrl, keyPrefix }, readOnly, work)
}

async function withKeyspace<T>(
  flag: string | undefined,
  work: (keyspace: RedisKeyspace) => Promise<T>,
): Promise<T> {
  await using keyspace = new RedisKeyspace({ redisUrl: sourceUrlFrom(flag) })
  return await work(keyspace)
}

/**
 * Calls `work` with a connected cache, then closes the cache.
 *
 * @param readOnly - whether to write nothing to Redis, not even a record about the prefix
 */
async function withCache<T>(
  { redisUrl, keyPrefix }: { readonly redisUrl: string | undefined; readonly keyPrefix: string },
  readOnly: boolean,
  work: (cache: GenericRedisCache) => Promise<T>,
): Promise<T> {
  const cache = new GenericRedisCache({
    redisUrl: sourceUrlFrom(redisUrl),
    keyPrefix,
    readOnly,
    enableL1Cache: false,
    // The largest value that a cache can store.
    maxValueBytes: 2 ** 29,
    onBackendError: 'throw',
    commandTimeout: COMMAND_TIMEOUT,
  })
  try {
    await cache.connect({ required: true })
    return await work(cache)
  } finally {
    await cache.close()
  }
}

function report(
  outcome: Outcome,
  asJson: true | undefined,
  summary: readonly string[],
  output: NodeJS.WritableStream = process.stdout,
): void {
  if (asJson) output.write(`${JSON.stringify(toSnakeCase(outcome), null, 2)}\n`)
  else if (outcome.success) output.write(`${summary.join('\n')}\n`)
  const messages = [...outcome.errors, ...(outcome.warnings ?? [])]
  if (messages.length > 0) process.stderr.write(`${messages.join('\n')}\n`)
  if (!outcome.success) process.exitCode = 1
}

/** Reports a run that can write some of its keys and fail for others. */
function reportRun(outcome: Outcome, asJson: true | undefined, summary: readonly string[]): void {
  report(outcome, asJson, summary)
  if (!asJson && !outcome.success) process.stderr.write(`${summary.join('\n')}\n`)
}

/** Converts the names of a flat result to snake case, the case of all JSON that leaves the process. */
function toSnakeCase(result: object): object {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}
