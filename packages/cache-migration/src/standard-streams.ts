import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ValidationError } from '@verbatim/cache-core'

/** Stands for standard input or standard output in place of a path. */
const STANDARD = '-'

/**
 * Calls `write` with a path. For `-`, what it wrote goes to standard output once it is complete.
 *
 * @param write - returns whether the file is complete
 */
export async function withOutput(
  file: string,
  signal: AbortSignal,
  write: (path: string) => Promise<boolean>,
): Promise<void> {
  if (file !== STANDARD) {
    await write(file)
    return
  }
  if (process.stdout.isTTY) {
    throw new ValidationError('--file must not be - when standard output is a terminal')
  }
  await withTemporaryFile(async (temporary) => {
    if (!(await write(temporary))) return
    await pipeline(createReadStream(temporary), process.stdout, { end: false, signal })
  })
}

/** Calls `read` with a path. For `-`, it is that of a copy of standard input. */
export async function withInput<T>(
  file: string,
  signal: AbortSignal,
  read: (path: string) => Promise<T>,
): Promise<T> {
  if (file !== STANDARD) return read(file)
  return withTemporaryFile(async (temporary) => {
    await pipeline(process.stdin, createWriteStream(temporary, { mode: 0o600 }), { signal })
    return read(temporary)
  })
}

export function isStandard(file: string): boolean {
  return file === STANDARD
}

/** In a folder that only the owner can read. */
async function withTemporaryFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cache-migrate-'))
  try {
    return await work(path.join(folder, 'backup.gz'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
