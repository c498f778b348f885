import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { Command, Option } from 'commander'
import { CacheKeyGenerator, KEY_STYLES, type KeyStyle } from '../keys/cache-key-generator.js'
import { configurationOf } from './open-cache.js'
import { printJson, printLines } from './print.js'

interface KeyOptions {
  readonly operation: string
  readonly options: string
  readonly question?: string
  readonly tenant?: string
  readonly config?: string
  readonly style?: KeyStyle
  readonly json?: true
}

export function keyCommand(): Command {
  return new Command('key')
    .description('prints the key of a request')
    .argument('<file>', 'the text, but for a line break at its end; - for standard input')
    .requiredOption('--operation <name>', 'such as summarize')
    .option('--options <json>', 'of the request, as JSON', '{}')
    .option('--question <text>', 'of the request')
    .option('--tenant <name>', 'whose request it is')
    .option('--config <file>', 'of the cache, JSON or YAML; without it, AI_CACHE_ variables')
    .addOption(
      new Option('--style <name>', 'instead of what the configuration says').choices(KEY_STYLES),
    )
    .option('--json', 'print JSON, with what the key was made of')
    .action(show)
}

async function show(file: string, given: KeyOptions): Promise<void> {
  const { operation, question, tenant, config, style, json } = given
  const written = file === '-' ? await textOf(process.stdin) : await readText(file)
  const text = written.replace(/\r?\n$/, '')
  const { textHashThreshold, hashAlgorithm, keyStyle } = (await configurationOf(config)).merge({
    keyStyle: style,
  }).values
  const keys = new CacheKeyGenerator({ textHashThreshold, hashAlgorithm, keyStyle })
  const key = keys.generateCacheKey(text, operation, parsed(given.options), question, tenant)
  if (json) printJson({ key, style: keyStyle, parts: key.slice('ai_cache:'.length).split('|') })
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
