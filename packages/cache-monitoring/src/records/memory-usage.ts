import { areAmounts } from './amounts.js'
import type { MemoryUsage, MemoryUsageRecord } from './measurements.js'
import { toMb } from './megabytes.js'

/** What a record says; `undefined` for one with a number that means nothing. */
export function memoryUsage(
  record: MemoryUsageRecord,
  warningThresholdBytes: number,
): Omit<MemoryUsage, 'additionalData'> | undefined {
  const { memoryCacheBytes, memoryCacheEntries, memoryCacheMaxEntries } = record
  const { redisBytes, redisKeys } = record
  const isMeasured = areAmounts(
    memoryCacheBytes,
    memoryCacheEntries,
    memoryCacheMaxEntries ?? 0,
    redisBytes ?? 0,
    redisKeys ?? 0,
  )
  if (!isMeasured) return undefined
  const totalCacheSizeBytes = memoryCacheBytes + (redisBytes ?? 0)
  const cacheEntryCount = memoryCacheEntries + (redisKeys ?? 0)
  return {
    totalCacheSizeBytes,
    cacheEntryCount,
    avgEntrySizeBytes: cacheEntryCount === 0 ? null : totalCacheSizeBytes / cacheEntryCount,
    memoryCacheSizeBytes: memoryCacheBytes,
    memoryCacheEntryCount: memoryCacheEntries,
    memoryCacheMaxEntries: memoryCacheMaxEntries ?? null,
    redisBytes: redisBytes ?? null,
    redisKeys: redisKeys ?? null,
    processMemoryMb: toMb(process.memoryUsage.rss()),
    cacheUtilizationPercent: (totalCacheSizeBytes / warningThresholdBytes) * 100,
    warningThresholdReached: totalCacheSizeBytes >= warningThresholdBytes,
  }
}
