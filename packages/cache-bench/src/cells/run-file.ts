import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import { isPlainObject, isSystemError } from '@verbatim/cache-core/implement'
import type { RunReport } from './run-report.js'

/**
 * Reads the JSON of a run.
 *
 * @throws ValidationError if the file cannot be read, is corrupt, or has another format
 */
export async function readRunFile(file: string): Promise<RunReport> {
  const name = path.basename(file)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const code = isSystemError(cause) ? (cause as NodeJS.ErrnoException).code : 'unknown reason'
    throw new ValidationError(`${name} cannot be read (${code})`, { cause })
  })
  const content = parsed(name, text)
  const problem = problemOf(content)
  if (problem !== undefined) {
    throw new ValidationError(`${name} must be the JSON of a run of cache-bench; ${problem}`)
  }
  return content as RunReport
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ValidationError(`${name} is corrupt: it is not JSON`, { cause })
  }
}

function problemOf(content: unknown): string | undefined {
  if (!isPlainObject(content)) return 'received another value'
  if (content['format'] !== 'cache-bench-run') return 'received a file of another format'
  if (content['formatVersion'] !== 1) return 'received another version of the format'
  const { caches, cells, environment } = content
  if (!isPlainObject(environment)) return 'environment is missing'
  if (!Array.isArray(caches) || !caches.every(isCache)) return 'caches is damaged'
  if (!Array.isArray(cells) || !cells.every(isCell)) return 'cells is damaged'
  return undefined
}

function isCache(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { name, failures, versions } = value
  return typeof name === 'string' && Array.isArray(failures) && isPlainObject(versions)
}

function isCell(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { cache, scenario, figures } = value
  const isNamed = typeof cache === 'string' && typeof scenario === 'string'
  return isNamed && Array.isArray(figures) && figures.every(isFigure)
}

function isFigure(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return typeof value['name'] === 'string' && typeof value['value'] === 'number'
}
