import { describeType, ignoreRejection, ValidationError } from '@verbatim/cache-core'
import { estimateBytes } from './memory-estimate.js'
import { countsBytes, type ResolvedOptions } from './options.js'

/** What an entry takes beside its key and value: its places in the index, the order of use and the expiry queue. */
const ENTRY_BYTES = 180

/** Tells what an entry counts for against the limits of a cache. */
export type EntrySize = (key: string, value: unknown) => number

/** Without a limit in bytes nothing is counted. */
export function entrySizeFor(options: ResolvedOptions): EntrySize {
  const { sizeOf } = options
  if (!countsBytes(options)) return () => 0
  if (sizeOf === undefined) return estimatedEntryBytes
  return (key, value) => Buffer.byteLength(key) + checked(sizeOf(value, key))
}

/** The memory that an entry occupies in this process, in bytes, within a factor of two. */
export function estimatedEntryBytes(key: string, value: unknown): number {
  return ENTRY_BYTES + Math.ceil(estimateBytes(key) + estimateBytes(value))
}

function checked(bytes: unknown): number {
  // Whole ones: a sum of fractions would not come back to what it was.
  if (Number.isFinite(bytes) && (bytes as number) >= 0) return Math.ceil(bytes as number)
  ignoreRejection(bytes)
  const shown = typeof bytes === 'number' ? String(bytes) : describeType(bytes)
  throw new ValidationError(`sizeOf must return bytes, as a number from 0; received ${shown}`, {
    code: 'INVALID_SIZE',
    context: { argument: 'sizeOf', received: shown },
  })
}
