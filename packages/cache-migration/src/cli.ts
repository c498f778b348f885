#!/usr/bin/env node
import { createRequire } from 'node:module'
import { MAX_PATTERN_LENGTH } from '@verbatim/cache-core'
import { examples, runCommandLine } from '@verbatim/cache-core/command-line'
import { DEFAULT_REDIS_URL } from '@verbatim/cache-redis'
import { Command, InvalidArgumentError, Option } from 'commander'
import { backup, copy, diff, inspect, restore, rollBack, verify } from './cli-actions.js'

/** Longest key prefix of `GenericRedisCache`, in UTF-16 units. */
const MAX_KEY_PREFIX_LENGTH = 128

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

await runCommandLine((signal) => {
  const program = new Command('cache-migrate')
    .version(version)
    .description('Backs up, restores, copies and compares caches in Redis, or all keys of Redis.')
    .addHelpText(
      'after',
      examples(
        'cache-migrate backup --file redis.backup',
        'cache-migrate backup --key-prefix cache: --file cache.backup',
        'cache-migrate restore --key-prefix cache: --file cache.backup',
      ),
    )

  withSource(
    program.command('backup').description('write a cache, or all keys of Redis, to a file'),
  )
    .addOption(keyPrefix('default: all keys of Redis'))
    .addOption(keysFile())
    .requiredOption(
      '--file <path>',
      'path of the backup; - for standard output',
      textParser('a path'),
    )
    .addOption(pattern())
    .option('--overwrite', 'replace an existing file')
    .option('--allow-empty', 'succeed if no key matches')
    .option(
      '--allow-foreign',
      'with --key-prefix: leave out keys that are not entries of the cache',
    )
    .option('--portable', 'for all keys: store commands that every version of Redis can run')
    .option('--resume', 'for all keys: continue an interrupted backup')
    .addOption(rate())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples(
        'cache-migrate backup --file redis.backup',
        "cache-migrate backup --key-prefix cache: --pattern 'user:*' --file users.backup",
        'cache-migrate backup --key-prefix cache: --file - > cache.backup',
      ),
    )
    .action((options) => backup(options, signal))

  withSource(
    program.command('restore').description('write the keys of a backup into a cache or Redis'),
  )
    .addOption(keyPrefix('for a backup with --key-prefix'))
    .addOption(keysFile())
    .requiredOption(
      '--file <path>',
      'path of the backup; - for standard input',
      textParser('a path'),
    )
    .addOption(conflict())
    .addOption(journal())
    .addOption(noJournal())
    .option('--resume', 'continue the interrupted run of the journal')
    .option('--dry-run', 'write nothing, and count what would be written')
    .addOption(concurrency())
    .addOption(yes())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples(
        'cache-migrate restore --file redis.backup',
        'cache-migrate restore --key-prefix cache: --file cache.backup',
        'cache-migrate restore --redis-url redis://127.0.0.1:6380 --key-prefix cache: --file - < cache.backup',
      ),
    )
    .action((options) => restore(options, signal))

  withTarget(program.command('copy').description('copy all keys of Redis to another Redis'))
    .addOption(keysFile())
    .addOption(pattern())
    .addOption(conflict())
    .addOption(journal())
    .addOption(noJournal())
    .option('--resume', 'continue the interrupted run of the journal')
    .option('--dry-run', 'write nothing, and count what would be written')
    .addOption(rate())
    .addOption(yes())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples('cache-migrate copy --target-url redis://127.0.0.1:6380 --journal copy.journal'),
    )
    .action((options) => copy(options, signal))

  withTarget(program.command('diff').description('compare the keys of two Redis servers'))
    .addOption(pattern())
    .addOption(rate())
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('cache-migrate diff --target-url redis://127.0.0.1:6380'))
    .action((options) => diff(options, signal))

  withSource(program.command('rollback').description('undo a restore or a copy'))
    .argument('<journal>', 'path of the journal', textParser('a path'))
    .addOption(keysFile())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples('cache-migrate rollback --redis-url redis://127.0.0.1:6380 copy.journal'),
    )
    .action((path, options) => rollBack(path, options, signal))

  fileCommand(program, 'inspect', 'verify a backup and describe its contents')
    .addHelpText(
      'after',
      examples('cache-migrate inspect cache.backup', 'cache-migrate inspect cache.backup --json'),
    )
    .action((file, options) => inspect(file, options, signal))

  fileCommand(program, 'verify', 'verify every byte of a backup')
    .addHelpText('after', examples('cache-migrate verify cache.backup'))
    .action((file, options) => verify(file, options, signal))
  return program
})

function fileCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<file>', 'path of the backup; - for standard input', textParser('a path'))
    .addOption(keysFile())
    .option('--json', 'print the result as JSON')
}

function withSource(command: Command): Command {
  return command.option(
    '--redis-url <url>',
    `redis:// or rediss:// URL (default: REDIS_URL, or ${DEFAULT_REDIS_URL})`,
  )
}

function withTarget(command: Command): Command {
  return withSource(command).option(
    '--target-url <url>',
    'URL of the other Redis (default: TARGET_REDIS_URL)',
  )
}

function keyPrefix(note: string): Option {
  return new Option('--key-prefix <text>', `key prefix of a cache in Redis (${note})`).argParser(
    textParser('a text', MAX_KEY_PREFIX_LENGTH),
  )
}

function keysFile(): Option {
  return new Option(
    '--keys-file <path>',
    'file with a key ring, which encrypts and decrypts backups and journals (default: none)',
  ).argParser(textParser('a path'))
}

function pattern(): Option {
  return new Option(
    '--pattern <glob>',
    'only keys that match the glob (default: all keys)',
  ).argParser(textParser('a glob', MAX_PATTERN_LENGTH))
}

function conflict(): Option {
  return new Option('--conflict <policy>', 'what to do with keys that the target has')
    .choices(['skip', 'replace', 'newer'])
    .default('skip')
}

function journal(): Option {
  return new Option(
    '--journal <path>',
    'for all keys: new file for --resume and rollback (default: cache-migrate.journal)',
  ).argParser(textParser('a path'))
}

function noJournal(): Option {
  return new Option('--no-journal', 'for all keys: neither resume nor rollback, and faster')
}

function concurrency(): Option {
  return new Option(
    '--concurrency <writes>',
    'with --key-prefix: most concurrent writes, 1 to 1000 (default: 200)',
  ).argParser((text) => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= 1 && number <= 1_000) return number
    throw new InvalidArgumentError('must be a number of writes from 1 to 1000')
  })
}

function yes(): Option {
  return new Option(
    '--yes',
    'do not ask before writing into a target that has keys; required to replace keys without a terminal',
  )
}

function rate(): Option {
  return new Option(
    '--rate <keys>',
    'for all keys: most keys per second, or unlimited (default: as the source permits)',
  ).argParser((text) => {
    if (text === 'unlimited') return text
    const number = Number(text)
    if (Number.isInteger(number) && number >= 1) return number
    throw new InvalidArgumentError('must be a number of keys per second, 1 or more, or unlimited')
  })
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
