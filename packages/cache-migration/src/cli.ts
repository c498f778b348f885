#!/usr/bin/env node
import { InfrastructureError } from '@verbatim/cache-core'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { Command, Option } from 'commander'
import { explain } from './failures.js'
import { CacheMigrationManager } from './migration-manager.js'

/** In milliseconds. Longer than a cache would wait, for nobody waits for a page here. */
const COMMAND_TIMEOUT = 10_000

interface RedisOptions {
  readonly redisUrl: string
  readonly keyPrefix: string
  readonly file: string
  readonly overwrite?: true
  readonly json?: true
}

interface Outcome {
  readonly success: boolean
  readonly errors: readonly string[]
}

const program = new Command('cache-migrate')
  .description('Backs a cache in Redis up to a file, and restores it.')
  .configureOutput({ writeErr: complain })
const manager = new CacheMigrationManager()

redisCommand('backup', 'write the entries of a cache to a new file')
  .option('--pattern <glob>', 'only keys that match it')
  .option('--overwrite', 'replace the file if there is one')
  .action(async (options: RedisOptions & { readonly pattern?: string }) => {
    const { file, overwrite, pattern } = options
    const result = await withRedis(options, true, (cache) =>
      manager.createBackup(cache, file, { overwrite, pattern }),
    )
    const { keysBackedUp, compressedSizeBytes, success } = result
    report(result, options.json, [`backed up ${keysBackedUp} keys (${compressedSizeBytes} bytes)`])
    if (success && keysBackedUp === 0) {
      complain('warning: no key with this prefix and pattern is an entry of a cache; check both\n')
    }
  })

redisCommand('restore', 'write the entries of a file into a cache')
  .option('--overwrite', 'replace keys that the cache already has')
  .action(async (options: RedisOptions) => {
    const { file, overwrite } = options
    const result = await withRedis(options, false, (cache) =>
      manager.restoreBackup(file, cache, { overwrite }),
    )
    const { keysRestored, keysSkipped, keysExpired, keysFailed } = result
    report(result, options.json, [
      `restored ${keysRestored} keys; ${keysSkipped} were there already, ${keysExpired} had expired, ${keysFailed} failed`,
    ])
  })

program
  .command('inspect')
  .description('verify a file and tell what is in it')
  .argument('<file>', 'the backup')
  .option('--json', 'print JSON')
  .action(async (file: string, options: { readonly json?: true }) => {
    const result = await manager.inspectBackup(file)
    const { keys, keysExpired, totalSizeBytes, compressedSizeBytes } = result
    // What the file says of itself is quoted: it may hold line feeds or terminal codes.
    const [createdAt, source, pattern] = [
      result.createdAt,
      result.sourceCacheType,
      result.pattern,
    ].map((text) => JSON.stringify(text))
    report(result, options.json, [
      `${keys} keys (${keysExpired} expired), ${totalSizeBytes} bytes, ${compressedSizeBytes} compressed`,
      `made at ${createdAt} from ${source}, pattern ${pattern}`,
      'version, count and checksum are right',
    ])
  })

try {
  await program.parseAsync()
} catch (error) {
  complain(`error: ${explain(error)}\n`)
  process.exitCode = 1
}

function redisCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(
      new Option('--redis-url <url>', 'better given by the environment if it holds a password')
        .env('REDIS_URL')
        .makeOptionMandatory(),
    )
    .requiredOption('--key-prefix <prefix>', 'what stands before every key of the cache')
    .requiredOption('--file <path>', 'the backup')
    .option('--json', 'print JSON')
}

/** @param readOnly - whether nothing is written to Redis, not even a record about the prefix */
async function withRedis<T>(
  { redisUrl, keyPrefix }: RedisOptions,
  readOnly: boolean,
  work: (cache: GenericRedisCache) => Promise<T>,
): Promise<T> {
  const cache = new GenericRedisCache({
    redisUrl,
    keyPrefix,
    readOnly,
    enableL1Cache: false,
    // The largest value that any cache may have stored.
    maxValueBytes: 2 ** 29,
    onBackendError: 'throw',
    commandTimeout: COMMAND_TIMEOUT,
  })
  try {
    if (await cache.connect()) return await work(cache)
    throw new InfrastructureError('Redis does not answer, or does not let this user in')
  } finally {
    await cache.close()
  }
}

function report(outcome: Outcome, asJson: true | undefined, summary: readonly string[]): void {
  if (asJson) process.stdout.write(`${JSON.stringify(toSnakeCase(outcome), null, 2)}\n`)
  else if (outcome.success) process.stdout.write(`${summary.join('\n')}\n`)
  if (!outcome.success) {
    process.exitCode = 1
    complain(`${outcome.errors.join('\n')}\n`)
  }
}

/** Keys of JSON that leaves the process are in snake case; results are flat. */
function toSnakeCase(result: object): object {
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

/** URLs are left out of everything on stderr: they may hold passwords. */
function complain(text: string): void {
  process.stderr.write(text.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '<url>'))
}
