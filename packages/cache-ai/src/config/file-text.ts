import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import { describeType } from '@verbatim/cache-core/implement'
import { configurationError } from './problems.js'

const MOST_BYTES = 262_144
/** A recursive parser could exhaust the stack with more levels. */
const MOST_LEVELS = 100
const NESTED_MARKS = /^\s*(?:[-?]\s+){100}/m

/**
 * Reads a small file of UTF-8 text.
 *
 * @returns the text without a byte order mark, and the file's name for errors
 * @throws ConfigurationError for a file that cannot be read, is too large or is not UTF-8
 */
export async function readConfigFile(
  file: unknown,
): Promise<{ readonly text: string; readonly source: string }> {
  if (typeof file !== 'string' || file === '') {
    const received = file === '' ? 'an empty string' : describeType(file)
    throw new ValidationError(`path must be the path of a file; received ${received}`)
  }
  const source = path.basename(file)
  const bytes = await readSmallFile(file, source)
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw fileError(source, 'the file must be UTF-8; received UTF-16')
  }
  try {
    // The decoder drops a byte order mark.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), source }
  } catch {
    throw fileError(source, 'the file must be UTF-8; received other bytes')
  }
}

async function readSmallFile(file: string, source: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    if (size <= MOST_BYTES) return await readFile(file)
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException
    throw fileError(source, `the file cannot be read (${code})`, cause)
  }
  throw fileError(source, `the file must have at most ${MOST_BYTES} bytes`)
}

/** @throws ConfigurationError for more than 100 levels of lists and objects */
export function assertShallow(text: string, source: string): void {
  let level = 0
  let isDeep = NESTED_MARKS.test(text)
  for (const character of text) {
    if (character === '[' || character === '{') level++
    if (character === ']' || character === '}') level--
    isDeep ||= level > MOST_LEVELS
  }
  if (isDeep) throw fileError(source, `the file must have at most ${MOST_LEVELS} levels`)
}

function fileError(source: string, message: string, cause?: unknown): Error {
  return configurationError(source, [{ path: '', message }], cause)
}
