import { Worker } from 'node:worker_threads'
import { Owner, Place } from '../../src/codec/place.js'
import type { WriteDetails } from '../../src/codec/stored-line.js'
import { type CodecOptions, type Decoded, ValueCodec } from '../../src/codec/value-codec.js'
import { CodecThreads } from '../../src/codec/workers/codec-threads.js'

export const MEBIBYTE: number = 1_024 * 1_024

export const DETAILS: WriteDetails = { graceMs: 0, loadMs: 0, revision: 'origin000000100000' }
export const FRESH_UNTIL = 1_794_890_000_000
export const GENERATION = '1.x8Kq02aB'

const owner = new Owner('cache:', 0)

/** Returns the place of a key under the prefix `cache:`. */
export function placeOf(key: string): Place {
  return new Place(owner, key)
}

/** Returns the line before the body of a value. */
export function headOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, bytes.indexOf('\n') + 1)
}

/** Starts a worker from the sources. Unlike the built one it needs tsx. */
export function startSourceWorker(): Worker {
  return new Worker(new URL('./typescript-worker.mjs', import.meta.url))
}

/** Threads that cannot start, so that all work is done on the event loop. */
export const NO_THREADS: CodecThreads = new CodecThreads(() => {
  throw new Error('no threads here')
})

/** A codec as used for values without tags, always with a promise. */
export interface BytesCodec {
  encode(key: string, value: unknown, details: WriteDetails): Promise<Buffer>
  /** Rejects with why the bytes cannot be read. */
  decode(key: string, bytes: Buffer): Promise<Decoded>
}

export function codecWith(
  threads: CodecThreads = NO_THREADS,
  options: Partial<CodecOptions> = {},
): BytesCodec {
  const codec = new ValueCodec(
    {
      compressionThreshold: 1_000,
      compressionLevel: 6,
      monitor: undefined,
      ...options,
    },
    threads,
  )
  return {
    encode: async (key, value, details) => {
      const { seal } = await codec.encode(placeOf(key), value, details)
      const sealed = seal([], FRESH_UNTIL, GENERATION)
      return typeof sealed === 'string' ? Buffer.from(sealed) : sealed
    },
    decode: async (key, bytes) => {
      const decoded = await codec.decode(placeOf(key), bytes)
      if ('unreadable' in decoded) throw new Error(`unreadable: ${decoded.unreadable}`)
      return decoded
    },
  }
}

/** Typical values, by their rough length in JSON. */
export const SHAPES: Readonly<Record<string, (bytes: number) => unknown>> = {
  'an AI answer': (bytes) => ({
    model: 'verbatim-1',
    text: 'It is what was asked for, "quoted", mit Umläuten.\n'.repeat(bytes / 50),
  }),
  'text beyond Latin-1': (bytes) => ({ text: '同じ言葉をもう一度。'.repeat(bytes / 30) }),
  embeddings: (bytes) =>
    Array.from({ length: bytes / 20_000 }, (_, row) =>
      Array.from({ length: 1_000 }, (_item, column) => Math.sin(row * 1_000 + column)),
    ),
  'rows of a table': (bytes) => ({
    rows: Array.from({ length: bytes / 120 }, (_, id) => ({
      id,
      name: `user ${id}`,
      email: `user${id}@example.org`,
      createdAt: new Date(id * 1_000),
      tags: ['a', 'b'],
    })),
  }),
  'an index by name': (bytes) =>
    Object.fromEntries(
      Array.from({ length: bytes / 240 }, (_, id) => [
        `$user ${id}`,
        { id, text: 'x'.repeat(200) },
      ]),
    ),
  'a map of sets': (bytes) =>
    new Map(
      Array.from({ length: bytes / 50 }, (_, id) => [`user ${id}`, new Set([id, BigInt(id)])]),
    ),
  bytes: (bytes) => Uint8Array.from({ length: bytes * 0.75 }, (_, index) => index % 251),
}
