import { type ConfigName, type ConfigValues, fieldNamed } from './config-values.js'
import { PRESET_NAMES, type PresetName } from './presets.js'
import { type ConfigProblem, configurationError } from './problems.js'
import { validateConfig } from './validate-config.js'

/** What variables of a prefix say. */
export interface FromEnvironment {
  readonly preset: PresetName
  readonly values: ConfigValues
}

const TRUE = new Set(['true', '1', 'yes', 'on'])
const FALSE = new Set(['false', '0', 'no', 'off'])

/** How each field is written in a variable; those that are not here are text. */
const READERS: Readonly<Partial<Record<ConfigName, (text: string) => unknown>>> = {
  defaultTtl: numberOrText,
  enableL1Cache: flag,
  l1CacheSize: numberOrText,
  compressionThreshold: numberOrText,
  compressionLevel: numberOrText,
  textHashThreshold: numberOrText,
  textSizeTiers: json,
  operationTtls: json,
  commandTimeout: numberOrText,
}

/** @throws ConfigurationError that lists every variable that is wrong, or unknown */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): FromEnvironment {
  const values = new Map<string, unknown>()
  const variables = new Map<string, string>()
  const problems: ConfigProblem[] = []
  let preset: PresetName = 'default'
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined) continue
    const written = variable.slice(prefix.length).toLowerCase()
    const name = fieldNamed(written)
    if (written === 'preset') {
      preset = text as PresetName
    } else if (name === undefined) {
      problems.push({ path: variable, message: 'there is no such variable' })
    } else if (variables.has(name)) {
      problems.push({ path: variable, message: `is ${variables.get(name)} once more` })
    } else {
      values.set(name, READERS[name]?.(text) ?? text)
      variables.set(name, variable)
    }
  }
  if (!PRESET_NAMES.includes(preset)) {
    problems.push({ path: `${prefix}PRESET`, message: `allowed: ${PRESET_NAMES.join(', ')}` })
  }
  const given: ConfigValues = Object.fromEntries(values)
  for (const { path, message } of validateConfig(given).errors) {
    const [name = '', ...inside] = path.split('.')
    problems.push({ path: [variables.get(name) ?? name, ...inside].join('.'), message })
  }
  if (problems.length > 0) throw configurationError('the environment', problems)
  return { preset, values: given }
}

/** What is no number stays text, for the schema to say what is allowed. */
function numberOrText(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim()
}

function flag(text: string): unknown {
  const word = text.trim().toLowerCase()
  return TRUE.has(word) ? true : FALSE.has(word) ? false : text
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
