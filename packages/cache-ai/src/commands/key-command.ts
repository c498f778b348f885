import { readFile } from 'node:fs/promises'
import { buffer as bytesOf } from 'node:stream/consumers'
import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { examples } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import { problemOfJson } from '../config/json-file.js'
import { CacheKeyGenerator } from '../keys/cache-key-generator.js'
import { configurationOf, type KeyLocation, withKeyLocation } from './open-cache.js'
import { printJson, printLines } from './print.js'

interface KeyOptions extends KeyLocation {
  readonly operation: string
  readonly options: string
  readonly question?: string
  readonly tenant?: string
  readonly json?: true
}

/** Makes `cache-ai key`. */
export function keyCommand(): Command {
  return withKeyLocation(new Command('key'))
    .description('print the key of a request, as "cache-ai delete" and cache.delete() take it')
    .argument('<file>', 'the text; - for standard input. A line break at its end is ignored')
    .requiredOption('--operation <name>', 'the operation of the request, such as summarize')
    .option('--options <json>', 'the options of the request', '{}')
    .option('--question <text>', 'the question of the request')
    .option('--tenant <name>', 'the tenant of the request')
    .option('--json', 'print JSON, with the key in Redis and the parts of the key')
    .addHelpText(
      'after',
      examples(
        "cache-ai key question.txt --operation qa --question 'Why?'",
        "echo 'Some text' | cache-ai key - --operation summarize --json",
      ),
    )
    .action(show)
}

async function show(file: string, given: KeyOptions): Promise<void> {
  const { operation, question, tenant, json } = given
  const bytes = file === '-' ? await bytesOf(process.stdin) : await readBytes(file)
  const text = decoded(bytes).replace(/\r?\n$/, '')
  const config = (await configurationOf(given)).checked()
  const { textHashThreshold, hashAlgorithm, keyStyle, keySecret, keyPrefix } = config.values
  const keys = new CacheKeyGenerator({
    ...{ textHashThreshold, hashAlgorithm, keyStyle, keySecret, prefix: '' },
  })
  const key = keys.generateCacheKey(text, operation, parsed(given.options), question, tenant)
  const redisKey = `${keyPrefix}${key}`
  if (json) printJson({ key, redisKey, style: keyStyle, parts: key.split('|') })
  else printLines([key])
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`the file of the text cannot be read (${code})`, { cause: error })
  }
}

/** Decodes a text without its byte order mark, which many editors write and an application never sends. */
function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ConfigurationError('the text must be UTF-8; received other bytes', { cause })
  }
}

function parsed(options: string): Record<string, unknown> {
  const problem = problemOfJson(options)
  if (problem !== undefined) throw new ValidationError(`--options ${problem}`)
  return JSON.parse(options)
}
