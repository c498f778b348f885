import { nearestName } from '@verbatim/cache-core'
import type {
  CacheOperationTime,
  CompressionRatio,
  InvalidationEvent,
  KeyGenerationTime,
  MemoryUsageRecord,
} from './measurements.js'

interface Records {
  readonly operation: CacheOperationTime
  readonly keyGeneration: KeyGenerationTime
  readonly compression: CompressionRatio
  readonly invalidation: InvalidationEvent
  readonly memory: MemoryUsageRecord
}

export type RecordKind = keyof Records

/** The fields that each kind of record may have. */
const FIELDS: { readonly [Kind in RecordKind]: Readonly<Record<keyof Records[Kind], true>> } = {
  operation: {
    operation: true,
    duration: true,
    cacheHit: true,
    textLength: true,
    additionalData: true,
  },
  keyGeneration: { duration: true, textLength: true, operationType: true, additionalData: true },
  compression: {
    originalSize: true,
    compressedSize: true,
    compressionTime: true,
    operationType: true,
  },
  invalidation: {
    pattern: true,
    keysInvalidated: true,
    duration: true,
    invalidationType: true,
    operationContext: true,
    additionalData: true,
  },
  memory: {
    memoryCacheBytes: true,
    memoryCacheEntries: true,
    memoryCacheMaxEntries: true,
    redisBytes: true,
    redisKeys: true,
    additionalData: true,
  },
}

/** Returns the first field that such a record does not have, with the nearest known one. */
export function unknownField(kind: RecordKind, record: object): string | undefined {
  const known = FIELDS[kind]
  // `in` a loop: `Object.keys` makes an array at each record.
  for (const field in record) {
    if (!Object.hasOwn(known, field) && Object.hasOwn(record, field)) return shown(field, known)
  }
  return undefined
}

function shown(field: string, known: object): string {
  if (!/^\w{1,40}$/.test(field)) return 'of another name'
  const nearest = nearestName(field, Object.keys(known))
  return nearest === undefined ? field : `${field}. Did you mean ${nearest}?`
}
