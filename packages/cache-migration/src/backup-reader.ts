import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  type BackupEntry,
  type BackupHeader,
  type BackupTrailer,
  badBackup,
  decodeLine,
  MAX_LINE_BYTES,
  readEntry,
  readHeader,
  readTrailer,
} from './backup-format.js'
import { errorCode } from './failures.js'

/** Reads a backup, holding one line at a time. The file is opened once, at the first need. */
export class BackupReader {
  /** What the first line says, once it has been read. */
  header: BackupHeader | undefined
  /** Bytes of the lines that the latest pass has read. */
  unpackedBytes = 0
  readonly #path: string
  #file: FileHandle | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Bytes of the file. */
  async size(): Promise<number> {
    return (await (await this.#open()).stat()).size
  }

  /**
   * A pass over the entries, in the order of the file. Whether they are all there, and as they were
   * written, is known only when it has come to its end without throwing.
   *
   * @throws SerializationError (`BAD_BACKUP`) when anything is not as it was written
   */
  async *entries(): AsyncGenerator<BackupEntry> {
    const digest = createHash('sha256')
    let count = 0
    let trailer: BackupTrailer | undefined
    this.header = undefined
    this.unpackedBytes = 0
    for await (const line of splitLines(unpack(await this.#open()))) {
      if (trailer !== undefined) throw badBackup('goes on after its last line')
      this.unpackedBytes += line.length
      const record = decodeLine(line)
      if (this.header === undefined) {
        this.header = readHeader(record)
      } else if ('key' in record) {
        count++
        yield readEntry(record)
      } else {
        trailer = readTrailer(record)
        continue
      }
      digest.update(line)
    }
    if (trailer === undefined) throw badBackup('is cut short')
    if (trailer.count !== count) {
      throw badBackup(`has ${count} entries; its last line says ${trailer.count}`)
    }
    if (trailer.sha256 !== digest.digest('hex')) throw badBackup('does not match its checksum')
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await open(this.#path)
    return this.#file
  }
}

/** Gunzips a file from its beginning. The file stays open. */
async function* unpack(file: FileHandle): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // An error on either side is thrown where gunzip is read, below.
  pipeline(file.createReadStream({ start: 0, autoClose: false }), gunzip, () => undefined)
  try {
    yield* gunzip
  } catch (error) {
    const code = errorCode(error)
    if (code === 'Z_BUF_ERROR') throw badBackup('is cut short')
    throw code === 'Z_DATA_ERROR' ? badBackup('is damaged, or not gzip') : error
  }
}

/** Cuts after each line feed. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer): void => {
    length += piece.length
    if (length > MAX_LINE_BYTES) throw badBackup(`has a line of more than ${MAX_LINE_BYTES} bytes`)
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
  if (length > 0) throw badBackup('is cut short')
}
