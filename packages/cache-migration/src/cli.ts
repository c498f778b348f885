#!/usr/bin/env node
import { createRequire } from 'node:module'
import { MAX_PATTERN_LENGTH } from '@verbatim/cache-core'
import { examples, redisUrlFrom, runCommandLine } from '@verbatim/cache-core/command-line'
import {
  DEFAULT_REDIS_URL,
  GenericRedisCache,
  isRedisUrl,
  REDIS_URL_FORM,
} from '@verbatim/cache-redis'
import { Command, InvalidArgumentError } from 'commander'
import { CacheMigrationManager } from './migration-manager.js'
import { isStandard, withInput, withOutput } from './standard-streams.js'

/** Milliseconds. Longer than the default of a cache, because no request waits for the command. */
const COMMAND_TIMEOUT = 10_000

/** Longest key prefix of `GenericRedisCache`, in UTF-16 units. */
const MAX_KEY_PREFIX_LENGTH = 128

interface RedisOptions {
  readonly redisUrl?: string
  readonly keyPrefix: string
  readonly file: string
  readonly overwrite?: true
  readonly json?: true
}

interface BackupOptions extends RedisOptions {
  readonly pattern?: string
  readonly allowEmpty?: true
}

interface Outcome {
  readonly success: boolean
  readonly errors: readonly string[]
}

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
const manager = new CacheMigrationManager()

await runCommandLine((signal) => {
  const program = new Command('cache-migrate')
    .version(version)
    .description('Backs up a cache in Redis to a file, and restores it.')
    .addHelpText(
      'after',
      examples(
        'cache-migrate backup --key-prefix cache: --file cache.backup',
        'cache-migrate restore --key-prefix cache: --file cache.backup',
      ),
    )
  redisCommand(program, 'backup', 'write the entries of a cache to a new file')
    .option(
      '--pattern <glob>',
      'back up only keys that match the glob (default: all keys)',
      textParser('a glob', MAX_PATTERN_LENGTH),
    )
    .option('--overwrite', 'replace an existing file')
    .option('--allow-empty', 'succeed if no key matches')
    .addHelpText(
      'after',
      examples(
        'cache-migrate backup --key-prefix cache: --file cache.backup',
        "cache-migrate backup --key-prefix cache: --pattern 'user:*' --file users.backup",
        'cache-migrate backup --key-prefix cache: --file - > cache.backup',
      ),
    )
    .action((options: BackupOptions) => backup(options, signal))
  redisCommand(program, 'restore', 'write the entries of a backup into a cache')
    .option('--overwrite', 'replace keys that the cache already has')
    .addHelpText(
      'after',
      examples(
        'cache-migrate restore --key-prefix cache: --file cache.backup',
        'cache-migrate restore --redis-url redis://127.0.0.1:6380 --key-prefix cache: --file - < cache.backup',
      ),
    )
    .action((options: RedisOptions) => restore(options, signal))
  program
    .command('inspect')
    .description('verify a backup and describe its contents')
    .argument('<file>', 'path of the backup; - for standard input', textParser('a path'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples('cache-migrate inspect cache.backup', 'cache-migrate inspect cache.backup --json'),
    )
    .action((file: string, options: { readonly json?: true }) => inspect(file, options, signal))
  program
    .command('verify')
    .description('verify every byte of a backup')
    .argument('<file>', 'path of the backup; - for standard input', textParser('a path'))
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('cache-migrate verify cache.backup'))
    .action((file: string, options: { readonly json?: true }) => verify(file, options, signal))
  return program
})

function redisCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option(
      '--redis-url <url>',
      `redis:// or rediss:// URL (default: REDIS_URL, or ${DEFAULT_REDIS_URL})`,
    )
    .requiredOption(
      '--key-prefix <text>',
      'key prefix of the cache in Redis',
      textParser('a text', MAX_KEY_PREFIX_LENGTH),
    )
    .requiredOption(
      '--file <path>',
      'path of the backup; - for standard output or input',
      textParser('a path'),
    )
    .option('--json', 'print the result as JSON')
}

/** Returns a parser that rejects blank texts. `commander` prefixes its error with the flag. */
function textParser(noun: string, maxLength?: number): (value: string) => string {
  const rule = maxLength === undefined ? noun : `${noun} of 1 to ${maxLength} characters`
  return (value) => {
    const isBlank = value.trim() === ''
    if (!isBlank && value.length <= (maxLength ?? Infinity)) return value
    const received = isBlank ? 'a blank text' : `${value.length} characters`
    throw new InvalidArgumentError(`must be ${rule}; received ${received}`)
  }
}

async function backup(options: BackupOptions, signal: AbortSignal): Promise<void> {
  const { overwrite, pattern } = options
  const result = await withOutput(options.file, signal, (file) =>
    withRedis(options, true, (cache) =>
      manager.createBackup(cache, file, { overwrite, pattern, signal }),
    ),
  )
  const { keysBackedUp, compressedSizeBytes, success } = result
  const shown = { ...result, backupFile: options.file }
  // Standard output carries the backup itself.
  const output = isStandard(options.file) ? process.stderr : process.stdout
  const summary = [`backed up ${keysBackedUp} keys (${compressedSizeBytes} bytes)`]
  report(shown, options.json, summary, output)
  if (success && keysBackedUp === 0 && options.allowEmpty === undefined) {
    process.exitCode = 1
    process.stderr.write(
      'error: no cache entry matches this key prefix and pattern; check both, or pass --allow-empty\n',
    )
  }
}

async function restore(options: RedisOptions, signal: AbortSignal): Promise<void> {
  const { overwrite } = options
  const result = await withInput(options.file, signal, (file) =>
    withRedis(options, false, (cache) => manager.restoreBackup(file, cache, { overwrite, signal })),
  )
  const { keysRestored, keysSkipped, keysExpired, keysFailed } = result
  report({ ...result, backupFile: options.file }, options.json, [
    `restored ${keysRestored} keys; ${keysSkipped} already existed, ${keysExpired} had expired, ${keysFailed} failed`,
  ])
}

async function inspect(
  file: string,
  options: { readonly json?: true },
  signal: AbortSignal,
): Promise<void> {
  const result = await withInput(file, signal, (path) => manager.inspectBackup(path))
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

async function verify(
  file: string,
  options: { readonly json?: true },
  signal: AbortSignal,
): Promise<void> {
  const result = await withInput(file, signal, (path) => manager.verifyBackup(path))
  report({ ...result, backupFile: file }, options.json, [
    `${result.keys} keys (${result.compressedSizeBytes} bytes), every checksum is valid`,
  ])
}

/**
 * Calls `work` with a connected cache, then closes the cache.
 *
 * @param readOnly - whether to write nothing to Redis, not even a record about the prefix
 */
async function withRedis<T>(
  { redisUrl: flag, keyPrefix }: RedisOptions,
  readOnly: boolean,
  work: (cache: GenericRedisCache) => Promise<T>,
): Promise<T> {
  const redisUrl = redisUrlFrom(flag, { isRedisUrl, form: REDIS_URL_FORM }) ?? DEFAULT_REDIS_URL
  const cache = new GenericRedisCache({
    redisUrl,
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
  outcome: Outcome & { readonly backupFile: string },
  asJson: true | undefined,
  summary: readonly string[],
  output: NodeJS.WritableStream = process.stdout,
): void {
  if (asJson) output.write(`${JSON.stringify(toSnakeCase(outcome), null, 2)}\n`)
  else if (outcome.success) output.write(`${summary.join('\n')}\n`)
  if (outcome.success) return
  process.exitCode = 1
  process.stderr.write(`${outcome.errors.join('\n')}\n`)
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
