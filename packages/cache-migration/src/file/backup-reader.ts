import { type FileHandle, open } from 'node:fs/promises'
import { type BackupHeader, invalidBackup } from './backup.js'
import { hasMagic, PREAMBLE_BYTES } from './chunk-format.js'
import { ChunkReader } from './chunk-reader.js'
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
 * @throws SerializationError (`BAD_BACKUP`) for another file, and errors of the file system
 */
export async function openBackup(path: string): Promise<OpenBackup> {
  const handle = await open(path)
  try {
    const reader = await readerFor(handle)
    const { size } = await handle.stat()
    return { reader, size, [Symbol.asyncDispose]: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readerFor(handle: FileHandle): Promise<ChunkReader | LineReader> {
  const start = Buffer.alloc(PREAMBLE_BYTES)
  const { bytesRead } = await handle.read(start, 0, start.length, 0)
  if (bytesRead >= 2 && start.readUInt16BE() === 0x1f8b) return new LineReader(handle)
  if (hasMagic(start)) return new ChunkReader(handle)
  const isCut = bytesRead < PREAMBLE_BYTES
  throw invalidBackup(isCut ? 'the file is truncated' : 'the file is not a cache backup')
}

/**
 * Reads a backup to its end, and checks every byte and every record.
 *
 * @param onEntry - called with each entry of a backup of typed mode
 * @returns the header
 * @throws SerializationError (`BAD_BACKUP`)
 */
export async function readWhole(
  reader: ChunkReader | LineReader,
  onEntry: (expiresAt: number | null) => void,
): Promise<BackupHeader> {
  for await (const { expiresAt } of reader.entries()) onEntry(expiresAt)
  if (reader.header === undefined) throw invalidBackup('the header is incomplete')
  return reader.header
}
