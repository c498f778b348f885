import type { FileHandle } from 'node:fs/promises'
import type { BackupHeader } from './backup.js'
import {
  CHUNK_HEAD_BYTES,
  DATA,
  DIGEST_BYTES,
  digestOf,
  encodeChunkHead,
  encodeHeader,
  encodeTrailer,
  TRAILER,
} from './chunk-format.js'
import { type Compression, codecFor } from './compression.js'

/** Writes a backup of version 2 chunk by chunk. A chunk is compressed while the caller reads the next. */
export class ChunkWriter {
  /** Number of records in the chunks so far. */
  count = 0
  /** Number of bytes before compression. */
  plainBytes = 0
  /** Number of bytes in the file. */
  storedBytes = 0
  readonly #handle: FileHandle
  readonly #compression: Compression
  #digest: Buffer
  #index = 0
  /** The chunk that is being compressed or written. */
  #pending: Promise<void> = Promise.resolve()

  private constructor(handle: FileHandle, compression: Compression, digest: Buffer) {
    this.#handle = handle
    this.#compression = compression
    this.#digest = digest
  }

  /** Writes the header and returns the writer. */
  static async start(
    handle: FileHandle,
    header: BackupHeader,
    compression: Compression,
  ): Promise<ChunkWriter> {
    const { bytes, digest } = encodeHeader(header, compression)
    const writer = new ChunkWriter(handle, compression, digest)
    await writer.#store(bytes)
    writer.plainBytes += bytes.length
    return writer
  }

  /**
   * Appends a chunk. Resolves when the chunk before it is in the file.
   *
   * @param records - encoded records
   * @param count - the number of the records
   */
  async append(records: Buffer, count: number): Promise<void> {
    await this.#pending
    this.#pending = this.#write(DATA, records, count)
    // The next call or `finish` reports the error.
    this.#pending.catch(() => undefined)
    this.count += count
  }

  /** Writes the trailer. The file is complete after this call. */
  async finish(): Promise<void> {
    await this.#pending
    const trailer = encodeTrailer({ count: this.count, chunks: this.#index })
    await this.#write(TRAILER, trailer, 0)
  }

  async #write(kind: number, plain: Buffer, records: number): Promise<void> {
    const stored = await codecFor(this.#compression).compress(plain)
    const head = encodeChunkHead({
      kind,
      index: this.#index++,
      records,
      plainLength: plain.length,
      storedLength: stored.length,
    })
    this.#digest = digestOf(this.#digest, head, stored)
    await this.#store(Buffer.concat([head, stored, this.#digest]))
    this.plainBytes += plain.length + CHUNK_HEAD_BYTES + DIGEST_BYTES
  }

  async #store(bytes: Buffer): Promise<void> {
    await this.#handle.appendFile(bytes)
    this.storedBytes += bytes.length
  }
}
