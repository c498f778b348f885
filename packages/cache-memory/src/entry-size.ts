import { ignoreRejection, invalidArgument } from '@verbatim/cache-core/implement'
import { estimateBytes } from './memory-estimate.js'
import { countsBytes, type ResolvedOptions } from './options.js'

/** Memory for an entry besides its key and value: its places in the index, the order of use and the expiry queue. */
const ENTRY_BYTES = 180

/** Returns the bytes that an entry counts against the limits of a cache. */
export type EntrySize = (key: string, value: unknown) => number

/** Returns how a cache measures its entries. Without a limit in bytes, every entry counts 0. */
export function entrySizeFor(options: ResolvedOptions): EntrySize {
  const { sizeOf } = options
  if (!countsBytes(options)) return () => 0
  if (sizeOf === undefined) return estimateEntryBytes
  return (key, value) => Buffer.byteLength(key) + checked(sizeOf(value, key))
}

/** Estimates the memory that an entry occupies in this process, in bytes, within a factor of two. */
export function estimateEntryBytes(key: string, value: unknown): number {
  return ENTRY_BYTES + Math.ceil(estimateBytes(key) + estimateBytes(value))
}

function checked(bytes: unknown): number {
  // Rounded up, because a sum of fractions would not return to its former value.
  if (Number.isFinite(bytes) && (bytes as number) >= 0) return Math.ceil(bytes as number)
  ignoreRejection(bytes)
  throw invalidArgument('the result of sizeOf', 'a number of bytes from 0', bytes, {
    code: 'INVALID_SIZE',
    context: { argument: 'sizeOf' },
  })
}
