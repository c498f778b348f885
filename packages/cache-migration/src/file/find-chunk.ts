import type { FileHandle } from 'node:fs/promises'
import {
  CHUNK_HEAD_BYTES,
  DATA,
  DIGEST_BYTES,
  digestOf,
  encodeChunkHead,
  POSITION,
  TRAILER,
} from './chunk-format.js'

/** Bytes that a search reads at a time. */
const WINDOW_BYTES = 1_024 * 1_024
/** The kind and the position of a chunk, at its start. */
const MARK_BYTES = 5
/** Place of the length of the stored bytes in the head of a chunk. */
const STORED_LENGTH_AT = 13

/**
 * Returns whether a file has an undamaged chunk behind damage. A file whose writer was killed has none: its end is
 * missing, and not a part of its middle.
 *
 * @param offset - the place at which the search starts
 * @param first - the least position of the chunk. Chunks more than two positions later are not found
 */
export async function hasChunkBehind(
  handle: FileHandle,
  offset: number,
  first: number,
): Promise<boolean> {
  const marks = [first, first + 1, first + 2].flatMap((index) =>
    [DATA, TRAILER, POSITION].map((kind) => markOf(kind, index)),
  )
  const { size } = await handle.stat()
  for (let from = offset; from < size; from += WINDOW_BYTES) {
    const window = await readAt(handle, from, WINDOW_BYTES + MARK_BYTES - 1)
    for (const mark of marks) {
      let at = window.indexOf(mark)
      while (at >= 0) {
        if (await isChunkAt(handle, from + at, size)) return true
        at = window.indexOf(mark, at + 1)
      }
    }
  }
  return false
}

function markOf(kind: number, index: number): Buffer {
  const head = encodeChunkHead({ kind, index, records: 0, plainLength: 0, storedLength: 0 })
  return head.subarray(0, MARK_BYTES)
}

/** Returns whether a chunk starts at a place: its digest covers the 32 bytes before it, and its own bytes. */
async function isChunkAt(handle: FileHandle, offset: number, size: number): Promise<boolean> {
  const headEnd = offset + CHUNK_HEAD_BYTES
  if (headEnd > size) return false
  const start = await readAt(handle, offset - DIGEST_BYTES, DIGEST_BYTES + CHUNK_HEAD_BYTES)
  const [previous, head] = [start.subarray(0, DIGEST_BYTES), start.subarray(DIGEST_BYTES)]
  const storedLength = head.readUInt32BE(STORED_LENGTH_AT)
  if (headEnd + storedLength + DIGEST_BYTES > size) return false
  const rest = await readAt(handle, headEnd, storedLength + DIGEST_BYTES)
  const digest = digestOf(previous, head, rest.subarray(0, storedLength))
  return digest.equals(rest.subarray(storedLength))
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
