import { createReadStream, createWriteStream, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ValidationError } from '@verbatim/cache-core'
import { withTemporary } from './file/temporary.js'

/** Path that means standard input or standard output. */
const STANDARD = '-'

/**
 * Calls `write` with a path. For `-`, the path is that of a temporary file. If `write` succeeds, the
 * file is copied to standard output.
 *
 * @returns the result of `write`, after the last byte was written
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

/** Returns a stream that finishes after its last byte was written, unlike `process.stdout`. */
function standardOutput(): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => process.stdout.write(chunk, done),
  })
}

/** Calls `read` with a path. For `-`, the path is that of a copy of standard input. */
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

/** Returns whether a path means standard input or standard output. */
export function isStandard(file: string): boolean {
  return file === STANDARD
}

/** Calls `work` with a path in a new folder that only the owner can read. */
async function withTemporaryFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cache-migrate-'))
  return withTemporary(folder, () => work(path.join(folder, 'backup')))
}
