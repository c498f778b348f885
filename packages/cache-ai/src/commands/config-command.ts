import path from 'node:path'
import { CacheError, ConfigurationError } from '@verbatim/cache-core'
import { examples } from '@verbatim/cache-core/command-line'
import { Command, Option } from 'commander'
import { AIResponseCache } from '../ai-response-cache.js'
import { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import { PRESET_NAMES } from '../config/presets.js'
import { type ConfigProblem, sentenceOf, ValidationResult } from '../config/problems.js'
import type { PresetName } from '../config/settings.js'
import { printJson, printLines } from './print.js'

/** Makes `cache-ai config`. */
export function configCommand(): Command {
  const command = new Command('config')
    .description('check and print configurations')
    .addHelpText(
      'after',
      examples('cache-ai config check cache.yaml', 'cache-ai config show --preset production'),
    )
  command
    .command('check')
    .description('report errors in a configuration, and recommendations')
    .argument('<file>', 'YAML if its name ends in .yaml or .yml, else JSON')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('cache-ai config check cache.yaml', 'cache-ai config check cache.json --json'),
    )
    .action(check)
  command
    .command('show')
    .description('print all settings of a preset as a JSON file')
    .addOption(new Option('--preset <name>', 'the preset').choices(PRESET_NAMES).default('default'))
    // The output is always JSON. The option is accepted because other commands have it.
    .addOption(new Option('--json').hideHelp())
    .addHelpText('after', examples('cache-ai config show --preset ai-production > cache.json'))
    .action(({ preset }: { preset: PresetName }) => {
      printJson(AIResponseCacheConfig.preset(preset))
    })
  return command
}

/** Reads a file as YAML if its name ends in `.yaml` or `.yml`, and otherwise as JSON. */
export function configOf(file: string): Promise<AIResponseCacheConfig> {
  return /\.ya?ml$/i.test(file)
    ? AIResponseCacheConfig.fromYaml(file)
    : AIResponseCacheConfig.fromJson(file)
}

async function check(file: string, { json }: { json?: true }): Promise<void> {
  const validation = await validationOf(file)
  if (json) printJson(validation)
  else printLines(described(validation, path.basename(file)))
  if (!validation.isValid) process.exitCode = 1
}

async function validationOf(file: string): Promise<ValidationResult> {
  try {
    const config = await configOf(file)
    const result = config.validate()
    const refusal = result.isValid ? await refusalOf(config) : undefined
    if (refusal !== undefined) result.addError('', refusal)
    return result
  } catch (error) {
    const problems = error instanceof ConfigurationError ? error.context['problems'] : undefined
    if (!Array.isArray(problems)) throw error
    const result = new ValidationResult()
    result.errors.push(...(problems as ConfigProblem[]))
    return result
  }
}

/** Returns why a cache refuses settings that are valid one by one. It opens no connection. */
async function refusalOf(config: AIResponseCacheConfig): Promise<string | undefined> {
  try {
    await new AIResponseCache(config).close()
    return undefined
  } catch (error) {
    if (error instanceof CacheError) return error.message
    throw error
  }
}

function described(
  { errors, warnings, recommendations, isValid }: ValidationResult,
  file: string,
): string[] {
  const lines = (kind: string, problems: readonly ConfigProblem[]): string[] =>
    problems.map((problem) => {
      // Only a problem with the whole file, such as one that cannot be read, needs the name of the file.
      const isOfFile = problem.path === '' && problem.line === undefined
      return `${kind}: ${isOfFile ? `${file}: ` : ''}${sentenceOf(problem)}`
    })
  return [
    ...lines('error', errors),
    ...lines('warning', warnings),
    ...lines('recommendation', recommendations),
    isValid ? 'valid' : 'invalid',
  ]
}
