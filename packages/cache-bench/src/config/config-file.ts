import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigurationError } from '@verbatim/cache-core'
import { isPlainObject, isSystemError } from '@verbatim/cache-core/implement'
import { parse } from 'yaml'
import type { BenchmarkConfigOptions } from './benchmark-config.js'

/** Largest file in bytes. A larger file is a mistake. */
const MAX_BYTES = 1_048_576

/**
 * Reads a JSON or YAML file. JSON is a subset of YAML. Aliases are rejected, because they can make a small
 * file huge.
 *
 * @throws ConfigurationError (`INVALID_CONFIG_FILE`) that quotes nothing of the file
 */
export async function readConfigFile(file: string): Promise<BenchmarkConfigOptions> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = isSystemError(cause) ? (cause as NodeJS.ErrnoException).code : 'unknown reason'
    throw invalidFile(file, `cannot be read (${reason})`, cause)
  })
  if (text.length > MAX_BYTES) throw invalidFile(file, `must be at most ${MAX_BYTES} bytes`)
  const content = parsed(file, text)
  if (!isPlainObject(content)) throw invalidFile(file, 'must contain an object')
  const { custom_settings: snake, customSettings = snake, ...fields } = content
  const options = camelCase(fields)
  return customSettings === undefined ? options : ({ ...options, customSettings } as object)
}

function parsed(file: string, text: string): unknown {
  try {
    if (path.extname(file) === '.json') return JSON.parse(text)
    return parse(text, { maxAliasCount: 0, logLevel: 'error' })
  } catch (cause) {
    throw invalidFile(file, 'must be JSON (.json) or YAML without aliases', cause)
  }
}

function camelCase(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      isPlainObject(value) ? camelCase(value) : value,
    ]),
  )
}

function invalidFile(file: string, problem: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`configuration file ${path.basename(file)} ${problem}`, {
    code: 'INVALID_CONFIG_FILE',
    context: { file: path.basename(file) },
    cause,
  })
}
