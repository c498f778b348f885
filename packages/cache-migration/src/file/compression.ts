import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { invalidArgument } from '@verbatim/cache-core/implement'
import { invalidBackup } from './backup.js'

/** The compression of the chunks of a backup. */
export type Compression = 'gzip' | 'zstd'

interface Codec {
  /** Value of the byte in the header of a file. */
  readonly code: number
  compress(bytes: Buffer): Promise<Buffer>
  /** Rejects if the output is longer than `length`. */
  decompress(bytes: Buffer, length: number): Promise<Buffer>
}

type ZlibFunction = (
  bytes: Buffer,
  options: object,
  done: (error: Error | null, result: Buffer) => void,
) => void

/** The types of Node 20, the oldest version that this package supports, have no zstd. */
const { zstdCompress, zstdDecompress } = zlib as unknown as {
  readonly zstdCompress?: ZlibFunction
  readonly zstdDecompress?: ZlibFunction
}

/** 85 % of the ratio of level 6 at three times its speed. */
const GZIP_LEVEL = 2

const CODECS: Readonly<Record<Compression, Codec | undefined>> = {
  gzip: codecOf(1, zlib.gzip, zlib.gunzip, { level: GZIP_LEVEL }),
  zstd: zstdCompress && zstdDecompress ? codecOf(2, zstdCompress, zstdDecompress, {}) : undefined,
}

const CODES: Readonly<Record<number, Compression>> = { 1: 'gzip', 2: 'zstd' }

function codecOf(
  code: number,
  compress: ZlibFunction,
  decompress: ZlibFunction,
  options: object,
): Codec {
  const [pack, unpack] = [promisify(compress), promisify(decompress)]
  return {
    code,
    compress: (bytes) => pack(bytes, options),
    decompress: (bytes, length) => unpack(bytes, { maxOutputLength: Math.max(length, 1) }),
  }
}

/** The default: zstd if this version of Node supports it (22.15 and later), gzip otherwise. */
export const DEFAULT_COMPRESSION: Compression = CODECS.zstd === undefined ? 'gzip' : 'zstd'

/**
 * Checks the option `compression`.
 *
 * @throws ValidationError if this version of Node does not support the value
 */
export function checkCompression(value: unknown): Compression {
  const supported = (['gzip', 'zstd'] as const).filter((name) => CODECS[name] !== undefined)
  const chosen = supported.find((name) => name === value)
  if (chosen !== undefined) return chosen
  const rule = supported.map((name) => `'${name}'`).join(' or ')
  throw invalidArgument('compression', `${rule} in this version of Node`, value)
}

/** Returns the codec for writing. */
export function codecFor(compression: Compression): Codec {
  const codec = CODECS[compression]
  if (codec === undefined) throw new TypeError(`${compression} is not supported`)
  return codec
}

/**
 * Returns the compression with a code in the header of a file.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function compressionOf(code: number): Compression {
  const compression = CODES[code]
  if (compression === undefined) throw invalidBackup(`the file has unknown compression ${code}`)
  if (CODECS[compression] !== undefined) return compression
  throw invalidBackup(`the file is compressed with ${compression}; Node 22.15 or later can read it`)
}
