#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { text as textOf } from 'node:stream/consumers'
import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { Command, Option } from 'commander'
import { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import { PRESET_NAMES, type PresetName } from './config/presets.js'
import type { ConfigProblem } from './config/problems.js'
import { ValidationResult } from './config/validation-result.js'
import { CacheKeyGenerator, type KeyStyle } from './keys/cache-key-generator.js'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

const program = new Command('cache-ai')
  .version(version)
  .description('Checks the configuration of an AI response cache, and shows its keys.')

const configurations = program.command('config').description('configurations')

configurations
  .command('check')
  .description('tells what is wrong with a configuration, and what might be better')
  .argument('<file>', 'JSON, or YAML if it ends so')
  .option('--json', 'print JSON')
  .action(checkConfig)

configurations
  .command('show')
  .description('prints a preset with all its settings, as a file would hold them')
  .addOption(new Option('--preset <name>', 'which one').choices(PRESET_NAMES).default('default'))
  .action(({ preset }: { preset: PresetName }) => {
    print(AIResponseCacheConfig.preset(preset))
  })

program
  .command('key')
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
  .action(showKey)

try {
  await program.parseAsync()
} catch (error) {
  const isExpected = error instanceof ConfigurationError || error instanceof ValidationError
  process.stderr.write(`error: ${isExpected ? error.message : 'something went wrong'}\n`)
  process.exitCode = 1
}

async function checkConfig(file: string, { json }: { json?: true }): Promise<void> {
  const validation = await validationOf(file)
  if (json) print(validation)
  else process.stdout.write(described(validation))
  if (!validation.isValid) process.exitCode = 1
}

async function validationOf(file: string): Promise<ValidationResult> {
  try {
    const isYaml = /\.ya?ml$/i.test(file)
    const config = isYaml
      ? AIResponseCacheConfig.fromYaml(file)
      : AIResponseCacheConfig.fromJson(file)
    return (await config).validate()
  } catch (error) {
    const problems = error instanceof ConfigurationError ? error.context['problems'] : undefined
    if (!Array.isArray(problems)) throw error
    const result = new ValidationResult()
    for (const { path, message } of problems as ConfigProblem[]) result.addError(path, message)
    return result
  }
}

function described({ errors, warnings, recommendations }: ValidationResult): string {
  const lines = (kind: string, problems: readonly ConfigProblem[]): string[] =>
    problems.map(({ path, message }) => `${kind}: ${path === '' ? '' : `${path}: `}${message}`)
  return [
    ...lines('error', errors),
    ...lines('warning', warnings),
    ...lines('recommendation', recommendations),
    errors.length === 0 ? 'It can be used.' : 'It cannot be used.',
    '',
  ].join('\n')
}

interface KeyCommandOptions {
  readonly operation: string
  readonly options: string
  readonly question?: string
  readonly tenant?: string
  readonly style: KeyStyle
  readonly json?: true
}

async function showKey(file: string, given: KeyCommandOptions): Promise<void> {
  const { operation, question, tenant, style, json } = given
  const text = file === '-' ? await textOf(process.stdin) : await readText(file)
  const keys = new CacheKeyGenerator({ keyStyle: style })
  const key = keys.generateCacheKey(text, operation, parsed(given.options), question, tenant)
  if (json) print({ key, style, parts: key.slice('ai_cache:'.length).split('|') })
  else process.stdout.write(`${key}\n`)
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

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
