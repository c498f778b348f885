import type { FileHandle } from 'node:fs/promises'
import type { KeyRing } from '@verbatim/cache-redis'
import type { BackupHeader } from './backup.js'
import {
  CHUNK_HEAD_BYTES,
  DATA,
  DIGEST_BYTES,
  digestOf,
  encodeChunkHead,
  encodeHeader,
  encodeTrailer,
  POSITION,
  TRAILER,
} from './chunk-format.js'
import type { ChunkReader } from './chunk-reader.js'
import { type Compression, codecFor } from './compression.js'
import { ChunkEncryption } from './encryption.js'

/** The storage of the chunks of a file. */
export interface ChunkOptions {
  readonly compression: Compression
  /** Encrypts the chunks. `undefined` for a file that is not encrypted. */
  readonly keys: KeyRing | undefined
}

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
  readonly #encryption: ChunkEncryption | undefined
  #digest: Buffer
  #index = 0
  /** The chunk that is being compressed or written. */
  #pending: Promise<void> = Promise.resolve()

  private constructor(
    handle: FileHandle,
    compression: Compression,
    encryption: ChunkEncryption | undefined,
    digest: Buffer,
  ) {
    this.#handle = handle
    this.#compression = compression
    this.#encryption = encryption
    this.#digest = digest
  }

  /** Writes the header and returns the writer. */
  static async start(
    handle: FileHandle,
    header: BackupHeader,
    { compression, keys }: ChunkOptions,
  ): Promise<ChunkWriter> {
    const { bytes, digest } = encodeHeader(header, compression, keys !== undefined)
    const encryption = keys && new ChunkEncryption(keys, digest)
    const writer = new ChunkWriter(handle, compression, encryption, digest)
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

  /**
   * Continues a file after the last position that a reader has found in it, and removes what follows.
   *
   * @param reader - has read all complete steps
   */
  static async resume(handle: FileHandle, reader: ChunkReader): Promise<ChunkWriter> {
    const { offset, digest, index, count, plainBytes, compression } = reader.lastPosition
    await handle.truncate(offset)
    const writer = new ChunkWriter(handle, compression, reader.encryption, digest)
    writer.#index = index
    writer.count = count
    writer.plainBytes = plainBytes
    writer.storedBytes = offset
    return writer
  }

  /** Appends the place in the source up to which the file is complete. Resolves as `append`. */
  async appendPosition(position: unknown): Promise<void> {
    await this.#pending
    this.#pending = this.#write(POSITION, Buffer.from(JSON.stringify({ position })), 0)
    this.#pending.catch(() => undefined)
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#pending.catch(() => undefined)
  }

  /** Resolves when all chunks are in the file. */
  async flush(): Promise<void> {
    await this.#pending
  }

  /** Writes the trailer. The file is complete after this call. */
  async finish(): Promise<void> {
    await this.#pending
    const trailer = encodeTrailer({ count: this.count, chunks: this.#index })
    await this.#write(TRAILER, trailer, 0)
  }

  async #write(kind: number, plain: Buffer, records: number): Promise<void> {
    const compressed = await codecFor(this.#compression).compress(plain)
    const head = encodeChunkHead({
      kind,
      index: this.#index++,
      records,
      plainLength: plain.length,
      storedLength: compressed.length + (this.#encryption?.overhead ?? 0),
    })
    const stored = this.#encryption?.seal(compressed, head) ?? compressed
    this.#digest = digestOf(this.#digest, head, stored)
    await this.#store(Buffer.concat([head, stored, this.#digest]))
    this.plainBytes += plain.length + CHUNK_HEAD_BYTES + DIGEST_BYTES
  }

  async #store(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const at = this.storedBytes + from
      const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from, at)
      from += bytesWritten
    }
    this.storedBytes += bytes.length
  }
}
