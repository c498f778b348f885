import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { Command, Option } from 'commander'
import { CacheKeyGenerator, type KeyStyle } from '../keys/cache-key-generator.js'
import { printJson, printLines } from './print.js'

interface KeyOptions {
  readonly operation: string
  readonly options: string
  readonly question?: string
  readonly tenant?: string
  readonly style: KeyStyle
  readonly json?: true
}

export function keyCommand(): Command {
  return new Command('key')
    .description('prints the key of a request')
    .argument('<file>', 'the text; - for standard input')
    .requiredOption('--operation <name>', 'such as summarize')
    .option('--options <json>', 'of the request, as JSON', '{}')
    .option('--question <text>', 'of the request')
    .option('--tenant <name>', 'whose request it is')
    .addOption(
      new Option('--style <name>', 'of the key')
        .choices(['readable', 'hashed', 'legacy'])
        .default('readable'),
    )
    .option('--json', 'print JSON, with what the key was made of')
    .action(show)
}

async function show(file: string, given: KeyOptions): Promise<void> {
  const { operation, question, tenant, style, json } = given
  const text = file === '-' ? await textOf(process.stdin) : await readText(file)
  const keys = new CacheKeyGenerator({ keyStyle: style })
  const key = keys.generateCacheKey(text, operation, parsed(given.options), question, tenant)
  if (json) printJson({ key, style, parts: key.slice('ai_cache:'.length).split('|') })
  else printLines([key])
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`the text cannot be read (${code})`, { cause: error })
  }
}

function parsed(options: string): Record<string, unknown> {
  try {
    return JSON.parse(options)
  } catch (error) {
    throw new ValidationError('--options is no JSON', { cause: error })
  }
}
