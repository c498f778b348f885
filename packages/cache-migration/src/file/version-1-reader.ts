import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errorCode } from '../failures.js'
import { type BackupEntry, type BackupHeader, invalidBackup } from './backup.js'
import {
  type BackupTrailer,
  decodeLine,
  MAX_LINE_BYTES,
  readEntry,
  readHeader,
  readTrailer,
} from './version-1-format.js'

/** Reads a backup of version 1: gzipped lines of tagged JSON, namely a header, one entry per key, and a trailer. */
export class LineReader {
  readonly formatVersion = 1
  /** The header, after its line was read. */
  header: BackupHeader | undefined
  /** Number of bytes that the latest pass has read, after decompression. */
  plainBytes = 0
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /**
   * Yields the entries in the order of the file. The file is verified only if the iteration reaches
   * its end without an error: the last line contains the number of entries and the checksum.
   *
   * @throws SerializationError (`BAD_BACKUP`) if the file was changed after it was written
   */
  async *entries(): AsyncGenerator<BackupEntry> {
    const digest = createHash('sha256')
    let count = 0
    let lineNumber = 0
    let trailer: BackupTrailer | undefined
    this.header = undefined
    this.plainBytes = 0
    for await (const line of splitLines(unpack(this.#handle))) {
      lineNumber++
      if (trailer !== undefined) throw invalidBackup('the file continues after the last record')
      this.plainBytes += line.length
      const record = decodeLine(line, lineNumber)
      if (this.header === undefined) {
        this.header = readHeader(record)
      } else if ('key' in record) {
        count++
        yield readEntry(record, lineNumber)
      } else {
        trailer = readTrailer(record, lineNumber)
        continue
      }
      digest.update(line)
    }
    if (trailer === undefined) throw invalidBackup('the file is truncated')
    if (trailer.count !== count) {
      throw invalidBackup(`number of entries must be ${trailer.count}; received ${count}`)
    }
    if (trailer.sha256 !== digest.digest('hex')) throw invalidBackup('the checksum does not match')
  }
}

/** Decompresses a file from its start. The file stays open. */
async function* unpack(file: FileHandle): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // An error of either stream is thrown where gunzip is read, below.
  pipeline(file.createReadStream({ start: 0, autoClose: false }), gunzip, () => undefined)
  try {
    yield* gunzip
  } catch (error) {
    const code = errorCode(error)
    if (code === 'Z_BUF_ERROR') throw invalidBackup('the file is truncated')
    throw code === 'Z_DATA_ERROR' ? invalidBackup('the file is damaged or not gzip data') : error
  }
}

/** Splits chunks into lines. Each line ends with its line feed. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer): void => {
    length += piece.length
    if (length > MAX_LINE_BYTES)
      throw invalidBackup(`a line is longer than ${MAX_LINE_BYTES} bytes`)
    pieces.push(piece)
  }
  for await (const chunk of chunks) {
    let start = 0
    let end = chunk.indexOf('\n') + 1
    while (end > 0) {
      add(chunk.subarray(start, end))
      yield Buffer.concat(pieces)
      pieces = []
      length = 0
      start = end
      end = chunk.indexOf('\n', start) + 1
    }
    add(chunk.subarray(start))
  }
  if (length > 0) throw invalidBackup('the file is truncated')
}
