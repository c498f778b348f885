import { Command, InvalidArgumentError, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import {
  describeUsage,
  isUsageError,
  refuseRepeatedOptions,
  withFlag,
} from '../../src/command-line/usage.js'

function program(): Command {
  const root = new Command('tool').version('1.2.3')
  root
    .command('read')
    .argument('<file>')
    .option('--redis-url <url>')
    .addOption(new Option('--url <url>').hideHelp())
    .addOption(new Option('--style <name>').choices(['plain', 'bold']))
    .addOption(new Option('--all').conflicts('style'))
    .option('-n, --count <number>', 'how many', () => {
      throw new InvalidArgumentError('must be an integer from 1 to 9')
    })
    .action(() => undefined)
  root
    .command('write')
    .requiredOption('--file <path>')
    .action(() => undefined)
  root
    .command('group')
    .command('list')
    .option('--long')
    .action(() => undefined)
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({
      outputError: () => undefined,
      writeOut: () => undefined,
      writeErr: () => undefined,
    })
  }
  return root
}

/** Describes the error of a real parser. */
async function described(words: readonly string[]): Promise<string | undefined> {
  const root = program()
  try {
    await root.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (isUsageError(error)) return describeUsage(error, root, words)
    throw error
  }
  throw new Error('the words are right')
}

describe('describeUsage returns one line without a value for', () => {
  test.each([
    [['red'], 'red is not a command of tool. Did you mean read?'],
    [['teleport'], 'teleport is not a command of tool. Run tool --help for examples'],
    [['user:s3cret@host'], 'this is not a command of tool. Run tool --help for examples'],
    [['group', 'lsit'], 'lsit is not a command of tool group. Did you mean list?'],
    [
      ['read', 'x', '--redis-urll=redis://a:s3cret@h'],
      '--redis-urll is not an option of tool read. Did you mean --redis-url?',
    ],
    [
      ['read', 'x', '--redisurl', 's3cret'],
      '--redisurl is not an option of tool read. Did you mean --redis-url?',
    ],
    [
      ['read', 'x', '--zzz'],
      '--zzz is not an option of tool read. Run tool read --help for examples',
    ],
    [['read', 'x', '-z'], '-z is not an option of tool read. Run tool read --help for examples'],
    [
      ['--redis-url', 's3cret', 'read', 'x'],
      '--redis-url must follow the command: tool read --redis-url <url>',
    ],
    [['--all', 'read', 'x'], '--all must follow the command: tool read --all'],
    [['-n', '5', 'read', 'x'], '-n must follow the command: tool read -n <number>'],
    [
      ['--redisurl=s3cret', 'read'],
      '--redisurl is not an option of tool read. Did you mean --redis-url?',
    ],
    [['group', '--long', 'list'], '--long must follow the command: tool group list --long'],
    [['--versoin'], '--versoin is not an option of tool. Did you mean --version?'],
    [
      ['read', 'x', '--style', "it's s3cret"],
      '--style must be one of plain, bold; received another text',
    ],
    [['read', 'x', '-n', 's3cret'], '--count must be an integer from 1 to 9'],
    [['read'], 'file must be given. Run tool read --help for examples'],
    [['write'], '--file must be given. Run tool write --help for examples'],
    [['write', '--file'], '--file must have a value. Run tool write --help for examples'],
    [
      ['read', 'x', '--all', '--style', 'bold'],
      '--all must not be given with --style. Run tool read --help for examples',
    ],
    [['read', 'x', 's3cret'], 'too many arguments. Run tool read --help for examples'],
  ])('%j', async (words, line) => {
    expect(await described(words)).toBe(line)
  })
})

test.each([['--help'], ['--version'], ['help']])(
  'describeUsage returns no line for %s',
  async (word) => {
    expect(await described([word])).toBeUndefined()
  },
)

test('isUsageError returns false for other errors', () => {
  for (const error of [new Error('x'), undefined, { code: 'commander.help' }, 'commander.help']) {
    expect(isUsageError(error)).toBe(false)
  }
})

describe('refuseRepeatedOptions', () => {
  const parse = async (...words: readonly string[]): Promise<unknown> => {
    const root = new Command('tool').option('--json').option('--name <text>').option('--no-color')
    refuseRepeatedOptions(root)
    return root.parseAsync(words, { from: 'user' })
  }

  test.each([[['--name', 'a', '--name', 'b']], [['--name', 'a', '--name=a']]])(
    'rejects %j',
    async (words) => {
      await expect(parse(...words)).rejects.toThrow('--name must be given once; received it twice')
    },
  )

  test.each([[['--name', '--name']], [['--json', '--json', '--no-color', '--no-color']]])(
    'accepts %j',
    async (words) => {
      await expect(parse(...words)).resolves.toBeDefined()
    },
  )
})

test.each([
  ['file must be a path; received 5', '--file must be a path; received 5'],
  ['file["a"] must be a path', '--file["a"] must be a path'],
  ['files must be a list', 'files must be a list'],
  ['redisUrl must be a URL', 'redisUrl must be a URL'],
  ['the file must be UTF-8', 'the file must be UTF-8'],
])('withFlag returns %j as the user wrote it', (message, expected) => {
  expect(withFlag(message, program(), ['write'])).toBe(expected)
})
