import { randomUUID } from 'node:crypto'
import { link, open, rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { CacheError } from '@verbatim/cache-core'
import { onAbort } from '@verbatim/cache-core/implement'
import { errorCode } from './failures.js'
import { fileExists, findTarget } from './target-file.js'
import { withTemporary } from './temporary.js'

/** Number of characters that gzip gets at a time. Single lines would be slow. */
const PIECE_LENGTH = 64 * 1_024

interface WriteOptions {
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Writes gzipped lines to a file, completely or not at all. It writes a temporary file in the same
 * folder and renames it after all bytes are on disk. Only the owner can read the file. If the path is
 * a symbolic link, the link stays and its target is replaced.
 *
 * @returns the size of the file in bytes
 * @throws CacheError (`FILE_EXISTS`) unless `overwrite`, CacheError (`NOT_A_FILE`), CacheError
 * (`INTERRUPTED`), errors of the file system, and errors of `lines`. It then removes the temporary file
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
      await untilAborted(pipeline(joined(lines), createGzip(), destination), signal)
      assertNotInterrupted(signal)
      if (overwrite) await rename(temporary, target)
      else await linkNew(temporary, target)
      return destination.bytesWritten
    } catch (error) {
      destination.destroy()
      assertNotInterrupted(signal)
      throw error
    }
  })
}

/** Creates a hard link. Unlike a rename, it fails if the file exists by then. */
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

/** Waits for the pipeline or the signal. A pipeline alone would wait for a source that never responds. */
async function untilAborted(
  writing: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
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

/**
 * Checks that the signal is not aborted.
 *
 * @throws CacheError (`INTERRUPTED`)
 */
export function assertNotInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CacheError('interrupted', { code: 'INTERRUPTED' })
}
