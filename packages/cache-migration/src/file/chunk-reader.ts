import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { SecurityError, SerializationError } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { errorCode } from '../failures.js'
import { type BackupEntry, type BackupHeader, invalidBackup } from './backup.js'
import {
  CHUNK_HEAD_BYTES,
  type ChunkHead,
  DATA,
  DIGEST_BYTES,
  decodeChunkHead,
  decodeHeader,
  decodePosition,
  decodePreamble,
  decodeTrailer,
  digestOf,
  POSITION,
  PREAMBLE_BYTES,
  startsLikeMagic,
} from './chunk-format.js'
import { type Compression, codecFor } from './compression.js'
import { ChunkEncryption } from './encryption.js'
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

/** The place in the source up to which a file is complete. */
interface StoredPosition {
  readonly position: unknown
}

/** The state from which a file is read or written further. */
export interface ResumePoint {
  readonly offset: number
  readonly digest: Buffer
  readonly index: number
  readonly count: number
  readonly plainBytes: number
  readonly compression: Compression
}

/** Reads a backup of version 2 from its start, and checks every byte. */
export class ChunkReader {
  readonly formatVersion = 2
  /** The header, after it was read. */
  header: BackupHeader | undefined
  /** Number of bytes that the latest pass has read, after decompression. */
  plainBytes = 0
  /** Number of records that the latest pass has read. */
  count = 0
  /** Whether the latest pass has found the trailer. */
  isComplete = false
  /** The state after the last position that the latest pass has found. */
  lastPosition: ResumePoint = {
    offset: 0,
    digest: Buffer.alloc(0),
    index: 0,
    count: 0,
    plainBytes: 0,
    compression: 'gzip',
  }
  /** The state after the header. */
  start: ResumePoint = this.lastPosition
  /** The encryption of the file, after its header was read. */
  encryption: ChunkEncryption | undefined
  readonly #handle: FileHandle
  readonly #keys: KeyRing | undefined
  #position = 0
  #digest: Buffer = Buffer.alloc(0)
  #compression: Compression = 'gzip'

  /** @param keys - decrypts the file, which must be encrypted then */
  constructor(handle: FileHandle, keys: KeyRing | undefined) {
    this.#handle = handle
    this.#keys = keys
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
    for await (const item of this.items()) if ('records' in item) yield item
  }

  /**
   * Yields the chunks of records and the positions between them.
   *
   * @param partial - accepts a file that is not complete: it yields the chunks before the last position, and
   * ignores everything after it
   * @throws SerializationError (`BAD_BACKUP`)
   */
  async *items({
    partial = false,
  }: {
    readonly partial?: boolean
  } = {}): AsyncGenerator<Chunk | StoredPosition> {
    this.#position = 0
    this.plainBytes = 0
    this.count = 0
    this.isComplete = false
    this.header = undefined
    if (partial && (await this.#isCutInHeader())) return
    const { compression, digest } = await this.#readHeader()
    this.#compression = compression
    this.#digest = digest
    this.#remember(0)
    this.start = this.lastPosition
    let waiting: Chunk[] = []
    for (let index = 0; !this.isComplete; index++) {
      const item = await this.#readItem(index, partial)
      if (item === undefined) return
      if (!partial) yield item
      else if ('records' in item) waiting.push(item)
      else {
        this.#remember(index + 1)
        yield* waiting
        yield item
        waiting = []
      }
    }
  }

  /**
   * Yields the items between two places that an earlier pass has found.
   *
   * @param to - position of the chunk after the last item
   * @throws SerializationError (`BAD_BACKUP`) if the file has changed since
   */
  async *itemsBetween(from: ResumePoint, to: number): AsyncGenerator<Chunk | StoredPosition> {
    this.#position = from.offset
    this.#digest = from.digest
    for (let index = from.index; index < to; index++) {
      const item = await this.#readItem(index, false)
      if (item === undefined) return
      yield item
    }
  }

  /** Returns the next item; `undefined` at the end, which can be anywhere in a partial file. */
  async #readItem(index: number, partial: boolean): Promise<Chunk | StoredPosition | undefined> {
    try {
      const { head, plain } = await this.#readChunk(index)
      if (head.kind === POSITION) return { position: decodePosition(plain) }
      if (head.kind === DATA) {
        this.count += head.records
        return { index, count: head.records, records: plain }
      }
      const trailer = decodeTrailer(plain)
      if (trailer.chunks !== index || trailer.count !== this.count) {
        throw invalidBackup(`number of keys must be ${trailer.count}; received ${this.count}`)
      }
      const rest = await this.#readAtMost(1)
      if (rest.length > 0) throw invalidBackup('the file continues after the trailer')
      this.isComplete = true
      return undefined
    } catch (error) {
      if (partial && error instanceof SerializationError) return undefined
      throw error
    }
  }

  async #readChunk(index: number): Promise<{ readonly head: ChunkHead; readonly plain: Buffer }> {
    const headBytes = await this.#read(CHUNK_HEAD_BYTES)
    const head = decodeChunkHead(headBytes, index)
    const stored = await this.#read(head.storedLength)
    const expected = await this.#read(DIGEST_BYTES)
    const digest = digestOf(this.#digest, headBytes, stored)
    if (!digest.equals(expected))
      throw invalidBackup(`the checksum of chunk ${index} does not match`)
    this.#digest = digest
    const contents = this.encryption?.open(stored, headBytes) ?? stored
    const plain = await unpack(this.#compression, contents, head.plainLength, index)
    this.plainBytes += plain.length + CHUNK_HEAD_BYTES + DIGEST_BYTES
    return { head, plain }
  }

  #remember(index: number): void {
    this.lastPosition = {
      offset: this.#position,
      digest: this.#digest,
      index,
      count: this.count,
      plainBytes: this.plainBytes,
      compression: this.#compression,
    }
  }

  /** Returns whether the file ends before its header does. Its writer had done nothing else. */
  async #isCutInHeader(): Promise<boolean> {
    const preamble = await this.#readAtMost(PREAMBLE_BYTES)
    this.#position = 0
    if (!startsLikeMagic(preamble)) return false
    if (preamble.length < PREAMBLE_BYTES) return true
    const { size } = await this.#handle.stat()
    return size < PREAMBLE_BYTES + decodePreamble(preamble).headerLength + DIGEST_BYTES
  }

  async #readHeader(): Promise<{ readonly compression: Compression; readonly digest: Buffer }> {
    const preamble = await this.#readAtMost(PREAMBLE_BYTES)
    const { compression, isEncrypted, headerLength } = decodePreamble(preamble)
    const json = await this.#read(headerLength)
    const expected = await this.#read(DIGEST_BYTES)
    const digest = createHash('sha256').update(preamble).update(json).digest()
    if (!digest.equals(expected)) throw invalidBackup('the checksum of the header does not match')
    this.header = decodeHeader(json)
    this.encryption = this.#encryptionFor(isEncrypted, digest)
    this.plainBytes += PREAMBLE_BYTES + json.length + DIGEST_BYTES
    return { compression, digest }
  }

  #encryptionFor(isEncrypted: boolean, digest: Buffer): ChunkEncryption | undefined {
    const keys = this.#keys
    if (isEncrypted === (keys !== undefined)) return keys && new ChunkEncryption(keys, digest)
    if (!isEncrypted) throw notEncrypted()
    throw new SecurityError('the file is encrypted, and no key ring was given', {
      code: 'KEY_RING_MISSING',
    })
  }

  /** The hexadecimal digest of everything that was read, which is the checksum of a file that was read to its end. */
  get checksum(): string {
    return this.#digest.toString('hex')
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

/** Returns the error for a file in which others could have written anything. */
export function notEncrypted(): SecurityError {
  return new SecurityError(
    'the file is not encrypted; read it without a key ring if you trust it',
    {
      code: 'NOT_ENCRYPTED',
    },
  )
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
