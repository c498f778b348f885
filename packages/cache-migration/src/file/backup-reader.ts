import type { FileHandle } from 'node:fs/promises'
import type { KeyRing } from '@verbatim/cache-redis'
import { type BackupHeader, invalidBackup } from './backup.js'
import { hasMagic, PREAMBLE_BYTES } from './chunk-format.js'
import { type Chunk, ChunkReader, notEncrypted } from './chunk-reader.js'
import { decodeEntry, decodeRecords, RAW_KINDS } from './records.js'
import { openRegular } from './target-file.js'
import { LineReader } from './version-1-reader.js'

/** A backup that is open for reading. */
export interface OpenBackup extends AsyncDisposable {
  /** The reader for the version of the file. */
  readonly reader: ChunkReader | LineReader
  /** Size of the file in bytes. */
  readonly size: number
}

/**
 * Opens a backup of any version. Reads only its first bytes.
 *
 * @param keys - decrypts the file, which must be encrypted then
 * @throws SerializationError (`BAD_BACKUP`) for another file, CacheError (`NOT_A_FILE`), and errors of the file system
 */
export async function openBackup(path: string, keys: KeyRing | undefined): Promise<OpenBackup> {
  const handle = await openRegular(path, 'a regular file, or - for standard input in cache-migrate')
  try {
    const reader = await readerFor(handle, keys)
    const { size } = await handle.stat()
    return { reader, size, [Symbol.asyncDispose]: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readerFor(
  handle: FileHandle,
  keys: KeyRing | undefined,
): Promise<ChunkReader | LineReader> {
  const start = Buffer.alloc(PREAMBLE_BYTES)
  const { bytesRead } = await handle.read(start, 0, start.length, 0)
  if (bytesRead >= 2 && start.readUInt16BE() === 0x1f8b) {
    if (keys !== undefined) throw notEncrypted()
    return new LineReader(handle)
  }
  if (hasMagic(start)) return new ChunkReader(handle, keys)
  const isCut = bytesRead < PREAMBLE_BYTES
  throw invalidBackup(isCut ? 'the file is truncated' : 'the file is not a cache backup')
}

/**
 * Reads a backup to its end, and checks every byte and every record.
 *
 * @param onKey - called with the expiry of each key, in milliseconds since 1970
 * @returns the header
 * @throws SerializationError (`BAD_BACKUP`)
 */
export async function readWhole(
  reader: ChunkReader | LineReader,
  onKey: (expiresAt: number | null) => void,
): Promise<BackupHeader> {
  if (reader instanceof LineReader) {
    for await (const { expiresAt } of reader.entries()) onKey(expiresAt)
  } else {
    for await (const chunk of reader.chunks()) {
      for (const expiresAt of checkRecords(chunk, reader.header?.mode)) onKey(expiresAt)
    }
  }
  if (reader.header === undefined) throw invalidBackup('the header is incomplete')
  return reader.header
}

/** Yields the expiry of each record of a chunk. */
function* checkRecords(
  { records, count }: Chunk,
  mode: BackupHeader['mode'] | undefined,
): Generator<number | null> {
  let found = 0
  for (const record of decodeRecords(records)) {
    found++
    if (mode === 'typed') yield decodeEntry(record).expiresAt
    else if (mode === 'raw' && RAW_KINDS.has(record.kind)) yield record.expiresAt
    else throw invalidBackup(`a record has the unknown kind ${record.kind}`)
  }
  if (found !== count) throw invalidBackup(`number of records must be ${count}; received ${found}`)
}
