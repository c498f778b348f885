import { randomUUID } from 'node:crypto'
import { link, open, rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { CacheError, onAbort } from '@verbatim/cache-core'
import { errorCode } from './failures.js'
import { fileExists, findTarget } from './target-file.js'
import { withTemporary } from './temporary.js'

/** Text is handed to gzip in pieces of about so many characters; single lines would be slow. */
const PIECE_LENGTH = 64 * 1_024

interface WriteOptions {
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Writes gzipped lines to a file that is whole or not there: they go to a temporary file beside it,
 * which takes its place once everything is on disk. Only the owner can read it. A symbolic link stays,
 * and the file that it points to is replaced.
 *
 * @returns the size of the file in bytes
 * @throws CacheError (`FILE_EXISTS`) unless `overwrite`, CacheError (`NOT_A_FILE`), CacheError
 * (`INTERRUPTED`), errors of the file system, and whatever `lines` throws; the temporary file is gone
 * then
 */
export async function writeLines(
  file: string,
  lines: AsyncIterable<string>,
  { overwrite, signal }: WriteOptions,
): Promise<number> {
  const target = await findTarget(file, overwrite)
  const temporary = `${target}.${randomUUID()}.tmp`
  return withTemporary(temporary, async () => {
    const handle = await open(temporary, 'wx', 0o600)
    const destination = handle.createWriteStream({ flush: true })
    try {
      await orAborted(pipeline(joined(lines), createGzip(), destination), signal)
      assertGoing(signal)
      if (overwrite) await rename(temporary, target)
      else await linkNew(temporary, target)
      return destination.bytesWritten
    } catch (error) {
      destination.destroy()
      assertGoing(signal)
      throw error
    }
  })
}

/** Unlike a rename, a link never replaces a file that has turned up meanwhile. */
async function linkNew(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file)
  } catch (error) {
    throw errorCode(error) === 'EEXIST' ? fileExists() : error
  }
}

async function* joined(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < PIECE_LENGTH) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/** Ends when the signal is aborted, too: a pipeline would wait for a source that never answers. */
async function orAborted(writing: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return writing
  let stopListening: (() => void) | undefined
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else stopListening = onAbort(signal, resolve)
  })
  try {
    await Promise.race([writing, aborted])
  } finally {
    stopListening?.()
  }
}

/** @throws CacheError (`INTERRUPTED`) when the signal is aborted */
export function assertGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CacheError('interrupted', { code: 'INTERRUPTED' })
}
