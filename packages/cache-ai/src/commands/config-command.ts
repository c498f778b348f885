import { ConfigurationError } from '@verbatim/cache-core'
import { Command, Option } from 'commander'
import { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import { PRESET_NAMES, type PresetName } from '../config/presets.js'
import type { ConfigProblem } from '../config/problems.js'
import { ValidationResult } from '../config/validation-result.js'
import { printJson, printLines } from './print.js'

export function configCommand(): Command {
  const command = new Command('config').description('configurations')
  command
    .command('check')
    .description('tells what is wrong with a configuration, and what might be better')
    .argument('<file>', 'JSON, or YAML if it ends so')
    .option('--json', 'print JSON')
    .action(check)
  command
    .command('show')
    .description('prints a preset with all its settings, as a file would hold them')
    .addOption(new Option('--preset <name>', 'which one').choices(PRESET_NAMES).default('default'))
    .action(({ preset }: { preset: PresetName }) => {
      printJson(AIResponseCacheConfig.preset(preset))
    })
  return command
}

/** Reads JSON, or YAML where the name of the file says so. */
export function configOf(file: string): Promise<AIResponseCacheConfig> {
  return /\.ya?ml$/i.test(file)
    ? AIResponseCacheConfig.fromYaml(file)
    : AIResponseCacheConfig.fromJson(file)
}

async function check(file: string, { json }: { json?: true }): Promise<void> {
  const validation = await validationOf(file)
  if (json) printJson(validation)
  else printLines(described(validation))
  if (!validation.isValid) process.exitCode = 1
}

async function validationOf(file: string): Promise<ValidationResult> {
  try {
    return (await configOf(file)).validate()
  } catch (error) {
    const problems = error instanceof ConfigurationError ? error.context['problems'] : undefined
    if (!Array.isArray(problems)) throw error
    const result = new ValidationResult()
    for (const { path, message } of problems as ConfigProblem[]) result.addError(path, message)
    return result
  }
}

function described({ errors, warnings, recommendations, isValid }: ValidationResult): string[] {
  const lines = (kind: string, problems: readonly ConfigProblem[]): string[] =>
    problems.map(({ path, message }) => `${kind}: ${path === '' ? '' : `${path}: `}${message}`)
  return [
    ...lines('error', errors),
    ...lines('warning', warnings),
    ...lines('recommendation', recommendations),
    isValid ? 'It can be used.' : 'It cannot be used.',
  ]
}
