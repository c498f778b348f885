import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import { isPlainObject, isSystemError } from '@verbatim/cache-core/implement'
import { LatencyHistogram } from '../harness/latency-histogram.js'
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
  const { caches, cells, environment, load, scenarios } = content
  const damaged = ['durationMs', 'seed', 'processes', 'memoryMb', 'budgetMs'].find(
    (name) => typeof content[name] !== 'number',
  )
  if (damaged !== undefined) return `${damaged} is damaged`
  if (typeof content['date'] !== 'string') return 'date is damaged'
  if (!isListOf(isNumber, load) || load.length !== 2) return 'load is damaged'
  if (!isListOf(isText, scenarios)) return 'scenarios is damaged'
  if (!isPlainObject(environment)) return 'environment is missing'
  if (!isListOf(isCache, caches)) return 'caches is damaged'
  if (!isListOf(isCell, cells)) return 'cells is damaged'
  return undefined
}

function isCache(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { name, failures, versions } = value
  return isText(name) && isListOf(isText, failures) && isPlainObject(versions)
}

function isCell(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { cache, scenario, figures, error, referenceNs } = value
  const isNamed = isText(cache) && isText(scenario)
  const isDescribed = isOptional(isText, error) && isOptional(isNumber, referenceNs)
  return isNamed && isDescribed && isListOf(isFigure, figures)
}

function isFigure(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { name, unit, better, histogram, samples } = value
  return (
    isText(name) &&
    isNumber(value['value']) &&
    isText(unit) &&
    ['lower', 'higher', 'none'].includes(String(better)) &&
    isOptional(isHistogram, histogram) &&
    isOptional((list) => isListOf(isNumber, list), samples)
  )
}

function isHistogram(value: unknown): boolean {
  try {
    return isText(value) && LatencyHistogram.decode(value).count >= 0
  } catch {
    return false
  }
}

function isOptional(isValid: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isValid(value)
}

function isListOf(isValid: (value: unknown) => boolean, value: unknown): value is unknown[] {
  return Array.isArray(value) && value.every((each) => isValid(each))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
