import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { errorCode } from '../failures.js'
import { type BackupEntry, type BackupHeader, invalidBackup } from './backup.js'
import {
  CHUNK_HEAD_BYTES,
  DATA,
  DIGEST_BYTES,
  decodeChunkHead,
  decodeHeader,
  decodePreamble,
  decodeTrailer,
  digestOf,
  PREAMBLE_BYTES,
} from './chunk-format.js'
import { type Compression, codecFor } from './compression.js'
import { decodeEntry, decodeRecords } from './records.js'

/** A chunk of records. */
export interface Chunk {
  /** Position of the chunk in the file, counted from 0. */
  readonly index: number
  /** Number of records. */
  readonly count: number
  /** The encoded records. */
  readonly records: Buffer
}

/** Reads a backup of version 2 from its start, and checks every byte. */
export class ChunkReader {
  readonly formatVersion = 2
  /** The header, after it was read. */
  header: BackupHeader | undefined
  /** Number of bytes that the latest pass has read, after decompression. */
  plainBytes = 0
  /** Number of chunks that the latest pass has read. */
  chunksRead = 0
  readonly #handle: FileHandle
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /**
   * Yields the entries in the order of the file. The file is verified only if the iteration reaches its end
   * without an error.
   *
   * @throws SerializationError (`BAD_BACKUP`) for a file that was changed, or that is not of typed mode
   */
  async *entries(): AsyncGenerator<BackupEntry> {
    for await (const { records } of this.chunks()) {
      for (const record of decodeRecords(records)) yield decodeEntry(record)
    }
  }

  /**
   * Yields the chunks of records, as `entries` yields entries.
   *
   * @throws SerializationError (`BAD_BACKUP`)
   */
  async *chunks(): AsyncGenerator<Chunk> {
    this.#position = 0
    this.plainBytes = 0
    this.chunksRead = 0
    const { compression, digest: start } = await this.#readHeader()
    let digest = start
    let count = 0
    for (let index = 0; ; index++) {
      const headBytes = await this.#read(CHUNK_HEAD_BYTES)
      const head = decodeChunkHead(headBytes, index)
      const stored = await this.#read(head.storedLength)
      const expected = await this.#read(DIGEST_BYTES)
      digest = digestOf(digest, headBytes, stored)
      if (!digest.equals(expected))
        throw invalidBackup(`the checksum of chunk ${index} does not match`)
      const plain = await unpack(compression, stored, head.plainLength, index)
      this.plainBytes += plain.length + CHUNK_HEAD_BYTES + DIGEST_BYTES
      if (head.kind !== DATA) {
        const trailer = decodeTrailer(plain)
        if (trailer.chunks !== index || trailer.count !== count) {
          throw invalidBackup(`number of keys must be ${trailer.count}; received ${count}`)
        }
        break
      }
      this.chunksRead++
      count += head.records
      yield { index, count: head.records, records: plain }
    }
    const rest = await this.#readAtMost(1)
    if (rest.length > 0) throw invalidBackup('the file continues after the trailer')
  }

  async #readHeader(): Promise<{ readonly compression: Compression; readonly digest: Buffer }> {
    const preamble = await this.#readAtMost(PREAMBLE_BYTES)
    const { compression, headerLength } = decodePreamble(preamble)
    const json = await this.#read(headerLength)
    const expected = await this.#read(DIGEST_BYTES)
    const digest = createHash('sha256').update(preamble).update(json).digest()
    if (!digest.equals(expected)) throw invalidBackup('the checksum of the header does not match')
    this.header = decodeHeader(json)
    this.plainBytes += PREAMBLE_BYTES + json.length + DIGEST_BYTES
    return { compression, digest }
  }

  /** Reads exactly `length` bytes. Allocates no more than the file has. */
  async #read(length: number): Promise<Buffer> {
    const { size } = await this.#handle.stat()
    if (this.#position + length > size) throw truncated()
    const bytes = await this.#readAtMost(length)
    if (bytes.length < length) throw truncated()
    return bytes
  }

  async #readAtMost(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, this.#position)
      if (bytesRead === 0) break
      filled += bytesRead
      this.#position += bytesRead
    }
    return bytes.subarray(0, filled)
  }
}

async function unpack(
  compression: Compression,
  stored: Buffer,
  plainLength: number,
  index: number,
): Promise<Buffer> {
  try {
    const plain = await codecFor(compression).decompress(stored, plainLength)
    if (plain.length === plainLength) return plain
  } catch (error) {
    // Only the decompressor reports these; another error is not about the file.
    if (!/^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(String(errorCode(error)))) throw error
  }
  throw invalidBackup(`chunk ${index} cannot be decompressed`)
}

function truncated(): Error {
  return invalidBackup('the file is truncated: it has no trailer')
}
