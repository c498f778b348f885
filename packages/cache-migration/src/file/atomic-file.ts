import { randomUUID } from 'node:crypto'
import { type FileHandle, link, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { CacheError } from '@verbatim/cache-core'
import { onAbort } from '@verbatim/cache-core/implement'
import { errorCode } from '../failures.js'
import { fileExists, findTarget } from './target-file.js'
import { withTemporary } from './temporary.js'

interface WriteOptions {
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Writes a file completely or not at all. `write` gets a temporary file in the same folder. The temporary
 * file is renamed after all its bytes are on disk. Only the owner can read the file. If the path is a
 * symbolic link, the link stays and its target is replaced.
 *
 * @returns the result of `write`
 * @throws CacheError (`FILE_EXISTS`) unless `overwrite`, CacheError (`NOT_A_FILE`), CacheError
 * (`INTERRUPTED`), errors of the file system, and errors of `write`. It then removes the temporary file
 */
export async function writeFileAtomically<T>(
  file: string,
  { overwrite, signal }: WriteOptions,
  write: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const target = await findTarget(file, overwrite)
  const temporary = `${target}.${randomUUID()}.tmp`
  return withTemporary(temporary, async () => {
    const handle = await open(temporary, 'wx', 0o600)
    let result: T
    try {
      result = await untilAborted(write(handle), signal)
      await handle.sync()
    } finally {
      await handle.close()
    }
    assertNotInterrupted(signal)
    if (overwrite) await rename(temporary, target)
    else await linkNew(temporary, target)
    await syncFolderOf(target)
    return result
  })
}

/** Writes the names in the folder of a file to disk, so that a new name survives a power failure. */
export async function syncFolderOf(file: string): Promise<void> {
  const handle = await open(path.dirname(file))
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates a hard link. Unlike a rename, it fails if the file exists by then. */
export async function linkNew(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file)
  } catch (error) {
    throw errorCode(error) === 'EEXIST' ? fileExists() : error
  }
}

/**
 * Waits for the work or the signal. The work alone could wait for a source that never responds.
 *
 * @throws CacheError (`INTERRUPTED`)
 */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  let stopListening: (() => void) | undefined
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else stopListening = onAbort(signal, resolve)
  })
  try {
    // Work that continues after the signal fails when it writes to the closed file.
    work.catch(() => undefined)
    return await Promise.race([
      work,
      aborted.then((): never => {
        throw interrupted()
      }),
    ])
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
  if (signal?.aborted) throw interrupted()
}

function interrupted(): CacheError {
  return new CacheError('interrupted', { code: 'INTERRUPTED' })
}
