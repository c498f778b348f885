import { createReadStream, createWriteStream, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ValidationError } from '@verbatim/cache-core'
import { withTemporary } from './temporary.js'

/** Stands for standard input or standard output in place of a path. */
const STANDARD = '-'

/**
 * Calls `write` with a path. For `-`, a complete file then goes to standard output.
 *
 * @param write - returns whether the file is complete, as `success`
 * @returns what `write` returns, after the last byte was written
 * @throws errors of standard output, and AbortError if the signal is aborted before the last byte
 */
export async function withOutput<T extends { readonly success: boolean }>(
  file: string,
  signal: AbortSignal,
  write: (path: string) => Promise<T>,
): Promise<T> {
  if (file !== STANDARD) return write(file)
  if (process.stdout.isTTY) {
    throw new ValidationError('--file must not be - when standard output is a terminal')
  }
  return withTemporaryFile(async (temporary) => {
    const outcome = await write(temporary)
    if (outcome.success) await pipeline(createReadStream(temporary), standardOutput(), { signal })
    return outcome
  })
}

/** Unlike `process.stdout`, it finishes when its last byte has been written. */
function standardOutput(): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => process.stdout.write(chunk, done),
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
  const folder = mkdtempSync(path.join(tmpdir(), 'cache-migrate-'))
  return withTemporary(folder, () => work(path.join(folder, 'backup.gz')))
}
