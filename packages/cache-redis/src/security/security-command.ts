import { readFile, writeFile } from 'node:fs/promises'
import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { connectOrClose, examples, redisUrlFrom } from '@verbatim/cache-core/command-line'
import { isError } from '@verbatim/cache-core/implement'
import { Command, Option } from 'commander'
import { DEFAULT_REDIS_URL, isRedisUrl, REDIS_URL_FORM } from '../connection/redis-url.js'
import { KeyRing } from '../encryption/key-ring.js'
import { GenericRedisCache } from '../generic-redis-cache.js'
import type { ReencryptionCounts } from '../redis/reencryption.js'
import { describeResult } from './findings.js'
import { generateAcl } from './generate-acl.js'
import { createSecurityConfigFromEnv } from './security-environment.js'
import { RedisCacheSecurityManager } from './security-manager.js'
import { composeReport } from './security-report.js'

interface CheckOptions {
  readonly redisUrl?: string
  readonly json?: true
}

interface ReencryptFlags extends CheckOptions {
  readonly keysFile: string
  readonly keyPrefix: string
  readonly dryRun?: true
}

/** In milliseconds. Long, because values may be large, and no caller waits for a single one. */
const REENCRYPT_TIMEOUT_MS = 10_000

/**
 * Makes `cache-redis security`.
 *
 * @param signal - ends a command that runs for long
 */
export function securityCommand(signal: AbortSignal): Command {
  const command = new Command('security').description(
    'judge connections, and prepare users and keys',
  )
  withServer(
    command.command('check').description('judge a connection, with a remedy for each finding'),
  )
    .addHelpText(
      'after',
      examples(
        'cache-redis security check',
        'REDIS_TLS_CA_PATH=ca.crt cache-redis security check --redis-url rediss://redis.example.org',
      ),
    )
    .action((options) => check(options, describeResult))
  withServer(
    command.command('report').description('judge a connection, and print a page in Markdown'),
  )
    .addHelpText('after', examples('cache-redis security report > security.md'))
    .action((options) => check(options, composeReport))
  command
    .command('acl')
    .description('print the users of a cache with their permissions')
    .option('--key-prefix <text>', 'key prefix of the cache', 'cache:')
    .option('--database <number>', 'number of the database', '0')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('cache-redis security acl', 'cache-redis security acl --key-prefix app: --json'),
    )
    .action(printAcl)
  command
    .command('keygen')
    .description('create a key ring for the encryption of values')
    .option('--keys-file <path>', 'new file, which only its owner can read (default: print it)')
    // The output is always JSON. The option is accepted because other commands have it.
    .addOption(new Option('--json').hideHelp())
    .addHelpText('after', examples('cache-redis security keygen --keys-file cache.keys'))
    .action(generateKeys)
  withServer(
    command
      .command('reencrypt')
      .description('encrypt the values of a cache with the primary key of a key ring'),
  )
    .requiredOption('--keys-file <path>', 'file with the key ring')
    .option('--key-prefix <text>', 'key prefix of the cache', 'cache:')
    .option('--dry-run', 'count the values, and write nothing')
    .addHelpText(
      'after',
      examples(
        'cache-redis security reencrypt --keys-file cache.keys --dry-run',
        'cache-redis security reencrypt --keys-file cache.keys --key-prefix ai_cache:',
      ),
    )
    .action((flags: ReencryptFlags) => reencrypt(flags, signal))
  return command
}

function withServer(command: Command): Command {
  return command
    .option(
      '--redis-url <url>',
      `redis:// or rediss:// URL (default: REDIS_URL, or ${DEFAULT_REDIS_URL})`,
    )
    .option('--json', 'print JSON')
}

/** Judges a connection with the login and TLS of the environment. */
async function check(
  { redisUrl, json }: CheckOptions,
  describe: typeof describeResult,
): Promise<void> {
  const result = await asWrongUse(() => {
    const url = redisUrlFrom(redisUrl, { isRedisUrl, form: REDIS_URL_FORM })
    return new RedisCacheSecurityManager(createSecurityConfigFromEnv()).testSecurityConfiguration(
      url,
    )
  })
  if (json) printJson(result)
  else process.stdout.write(describe(result))
  if (!result.isSecure) process.exitCode = 1
}

async function printAcl({
  keyPrefix,
  database,
  json,
}: {
  readonly keyPrefix: string
  readonly database: string
  readonly json?: true
}): Promise<void> {
  const users = await asWrongUse(() =>
    generateAcl({ keyPrefix, database: Number(database || NaN) }),
  )
  if (json) {
    printJson(users)
    return
  }
  process.stdout.write(users.map(({ line }) => `${line}\n`).join(''))
  // The lines are input of redis-cli, so advice goes elsewhere.
  process.stderr.write(
    "replace #SHA256_OF_THE_PASSWORD by # and the output of: printf %s 'the password' | sha256sum\n",
  )
}

async function generateKeys({ keysFile }: { readonly keysFile?: string }): Promise<void> {
  const keys = KeyRing.generate()
  const text = `${keys.export().reveal()}\n`
  if (keysFile === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    await writeFile(keysFile, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new ValidationError(
      `--keys-file must be the path of a new file in a folder that can be written; received ${codeOf(error)}`,
    )
  }
  process.stdout.write(`created a key ring with the key ${keys.primaryId}\n`)
}

/** Encrypts the values of a cache with the primary key. The exit code is 1 if a value cannot be decrypted. */
async function reencrypt(flags: ReencryptFlags, signal: AbortSignal): Promise<void> {
  const { dryRun = false, json, keyPrefix, keysFile } = flags
  const keys = await readKeys(keysFile)
  const cache = await asWrongUse(() => {
    const url = redisUrlFrom(flags.redisUrl, { isRedisUrl, form: REDIS_URL_FORM })
    return new GenericRedisCache({
      ...{ redisUrl: url ?? DEFAULT_REDIS_URL, keyPrefix, encryption: { keys } },
      ...{ securityConfig: createSecurityConfigFromEnv(), readOnly: dryRun },
      ...{ enableL1Cache: false, commandTimeout: REENCRYPT_TIMEOUT_MS },
    })
  })
  signal.addEventListener('abort', () => void cache.close())
  await connectOrClose(cache)
  try {
    const counts = await cache.reencrypt({ dryRun })
    if (json) printJson({ ...counts, keyId: keys.primaryId, dryRun })
    else process.stdout.write(describeCounts(counts, keys.primaryId, dryRun))
    if (Object.keys(counts.unreadable).length > 0) process.exitCode = 1
  } finally {
    await cache.close()
  }
}

function describeCounts(
  { reencrypted, current, unencrypted, superseded, unreadable }: ReencryptionCounts,
  keyId: string,
  dryRun: boolean,
): string {
  const rows: [count: number, outcome: string][] = [
    [
      reencrypted,
      dryRun ? `would be encrypted with the key ${keyId}` : `encrypted with the key ${keyId}`,
    ],
    [current, 'had this key before'],
    [unencrypted, 'not encrypted, left as they are'],
    [superseded, 'written or removed by others in the meantime'],
    ...Object.entries(unreadable).map(([reason, count]): [number, string] => [
      count,
      `cannot be decrypted (${reason}), left as they are`,
    ]),
  ]
  return rows.map(([count, outcome]) => `${String(count).padStart(8)}  ${outcome}\n`).join('')
}

async function readKeys(keysFile: string): Promise<KeyRing> {
  let text: string
  try {
    text = await readFile(keysFile, 'utf8')
  } catch (error) {
    throw new ValidationError(
      `--keys-file must be the path of a readable file; received ${codeOf(error)}`,
    )
  }
  return asWrongUse(() => KeyRing.parse(text.trim()))
}

function codeOf(error: unknown): string {
  return isError(error) && 'code' in error ? String(error.code) : 'an error'
}

/** Runs a task. Wrong settings get another exit code than 1, which means an insecure connection. */
async function asWrongUse<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ConfigurationError ? new ValidationError(error.message) : error
  }
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(toSnakeCase(value), null, 2)}\n`)
}

/** Converts the names of all fields to snake case, the case of all JSON that leaves the process. */
function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toSnakeCase(field),
    ]),
  )
}
