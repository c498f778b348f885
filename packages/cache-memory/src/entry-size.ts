import { describeType, ValidationError } from '@verbatim/cache-core'
import { contentBytes } from './content-bytes.js'
import { countsBytes, type ResolvedOptions } from './options.js'

/** Tells what an entry counts for against the limits of a cache. */
export type EntrySize = (key: string, value: unknown) => number

/** Without a limit in bytes nothing is counted. */
export function entrySizeFor(options: ResolvedOptions): EntrySize {
  const { sizeOf } = options
  if (!countsBytes(options)) return () => 0
  if (sizeOf === undefined) return (key, value) => Buffer.byteLength(key) + contentBytes(value)
  return (key, value) => Buffer.byteLength(key) + checked(sizeOf(value, key))
}

function checked(bytes: unknown): number {
  // Whole ones: a sum of fractions would not come back to what it was.
  if (Number.isFinite(bytes) && (bytes as number) >= 0) return Math.ceil(bytes as number)
  const shown = typeof bytes === 'number' ? String(bytes) : describeType(bytes)
  throw new ValidationError(`sizeOf answered ${shown}; allowed: bytes, as a number from 0`, {
    code: 'INVALID_SIZE',
    context: { argument: 'sizeOf', received: shown },
  })
}
