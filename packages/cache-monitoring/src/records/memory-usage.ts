import { areAmounts } from './amounts.js'
import type { MemoryUsage, MemoryUsageRecord } from './measurements.js'
import { toMb } from './megabytes.js'

/** What a record says; `undefined` for one with a number that means nothing. */
export function memoryUsage(
  record: MemoryUsageRecord,
  warningThresholdBytes: number,
): Omit<MemoryUsage, 'additionalData'> | undefined {
  const { memoryCacheBytes, memoryCacheEntries, memoryCacheMaxEntries } = record
  const { redisBytes = 0, redisKeys = 0 } = record
  const isMeasured = areAmounts(
    memoryCacheBytes,
    memoryCacheEntries,
    memoryCacheMaxEntries ?? 0,
    redisBytes,
    redisKeys,
  )
  if (!isMeasured) return undefined
  const totalCacheSizeBytes = memoryCacheBytes + redisBytes
  const cacheEntryCount = memoryCacheEntries + redisKeys
  return {
    totalCacheSizeBytes,
    cacheEntryCount,
    avgEntrySizeBytes: cacheEntryCount === 0 ? 0 : totalCacheSizeBytes / cacheEntryCount,
    memoryCacheSizeBytes: memoryCacheBytes,
    memoryCacheEntryCount: memoryCacheEntries,
    memoryCacheMaxEntries: memoryCacheMaxEntries ?? null,
    processMemoryMb: toMb(process.memoryUsage.rss()),
    cacheUtilizationPercent: (totalCacheSizeBytes / warningThresholdBytes) * 100,
    warningThresholdReached: totalCacheSizeBytes >= warningThresholdBytes,
  }
}
