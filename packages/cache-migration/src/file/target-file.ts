import type { Stats } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { CacheError } from '@verbatim/cache-core'
import { errorCode } from '../failures.js'

/**
 * Returns the path to which a backup is written. It follows symbolic links, even to a file that does
 * not exist.
 *
 * @throws CacheError (`NOT_A_FILE`) for a folder, a FIFO, a device or a socket. A rename would replace
 * it
 * @throws CacheError (`FILE_EXISTS`) for a file or a symbolic link, unless `overwrite`
 * @throws errors of the file system
 */
export async function findTarget(file: string, overwrite: boolean): Promise<string> {
  const found = await unlessMissing(stat(file))
  if (found !== undefined && !found.isFile()) {
    throw notAFile('a regular file, or - for standard output in cache-migrate', file, found)
  }
  if (!overwrite) {
    if ((await unlessMissing(lstat(file))) !== undefined) throw fileExists()
    return file
  }
  return found === undefined ? followLinks(file) : realpath(file)
}

/**
 * Opens a file for reading, or also for writing. Another kind of file has no places to read from, and to open a
 * FIFO without a writer never ends.
 *
 * @param rule - what the file must be, for the error
 * @throws CacheError (`NOT_A_FILE`) for a folder, a FIFO, a device or a socket, and errors of the file system
 */
export async function openRegular(
  file: string,
  rule: string,
  flags: 'r' | 'r+' = 'r',
): Promise<FileHandle> {
  const found = await stat(file)
  if (!found.isFile()) throw notAFile(rule, file, found)
  return open(file, flags)
}

/** Returns whether a path exists. */
export async function pathExists(file: string): Promise<boolean> {
  return (await unlessMissing(lstat(file))) !== undefined
}

/** Returns the error for a file that must not be replaced. */
export function fileExists(): CacheError {
  return new CacheError('the file exists and overwrite is not set', { code: 'FILE_EXISTS' })
}

/** Resolves links like `realpath`, even if the last link points to a file that does not exist. */
async function followLinks(file: string): Promise<string> {
  const found = await unlessMissing(lstat(file))
  if (found === undefined || !found.isSymbolicLink()) return file
  const folder = await realpath(path.dirname(file))
  return followLinks(path.resolve(folder, await readlink(file)))
}

async function unlessMissing(stats: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stats
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function notAFile(rule: string, file: string, found: Stats): CacheError {
  const received = describeKind(found)
  // The quotes escape line feeds and terminal codes in a path.
  const shown = JSON.stringify(file)
  return new CacheError(`file must be ${rule}; ${shown} is ${received}`, {
    code: 'NOT_A_FILE',
    context: { file, received },
  })
}

function describeKind(found: Stats): string {
  if (found.isDirectory()) return 'a directory'
  if (found.isFIFO()) return 'a FIFO'
  return found.isSocket() ? 'a socket' : 'a device'
}
