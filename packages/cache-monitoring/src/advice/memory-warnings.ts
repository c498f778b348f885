import type { ResolvedOptions } from '../options.js'
import type { MemoryUsage } from '../records/measurements.js'
import { toMb } from '../records/megabytes.js'

const NEARLY_FULL_PERCENT = 90

/** What the newest measurement of memory says that should not be. */
export interface MemoryWarning {
  readonly severity: 'info' | 'warning' | 'critical'
  readonly message: string
  readonly recommendations: readonly string[]
}

export function memoryWarnings(
  newest: MemoryUsage | undefined,
  options: ResolvedOptions,
): MemoryWarning[] {
  if (newest === undefined) return []
  return [sizeWarning(newest, options), entriesWarning(newest)].filter(
    (warning) => warning !== undefined,
  )
}

function sizeWarning(
  { totalCacheSizeBytes }: MemoryUsage,
  { memoryWarningThresholdBytes, memoryCriticalThresholdBytes }: ResolvedOptions,
): MemoryWarning | undefined {
  const held = `Caches hold ${toMb(totalCacheSizeBytes).toFixed(1)} MB`
  if (totalCacheSizeBytes >= memoryCriticalThresholdBytes) {
    return {
      severity: 'critical',
      message: `${held}, at or above the critical ${toMb(memoryCriticalThresholdBytes).toFixed(1)} MB.`,
      recommendations: [
        'Set maxBytes, so that the cache lets go of entries by itself',
        'Give entries shorter lives',
        'Clear what is not needed any more',
        'Compress smaller values: lower compressionThreshold',
      ],
    }
  }
  if (totalCacheSizeBytes < memoryWarningThresholdBytes) return undefined
  return {
    severity: 'warning',
    message: `${held}, at or above the ${toMb(memoryWarningThresholdBytes).toFixed(1)} MB to be warned of.`,
    recommendations: [
      'See how it goes on: getTrends() tells when the critical size is reached',
      'Give entries shorter lives',
      'Compress smaller values: lower compressionThreshold',
    ],
  }
}

function entriesWarning({
  memoryCacheEntryCount,
  memoryCacheMaxEntries,
}: MemoryUsage): MemoryWarning | undefined {
  if (memoryCacheMaxEntries === null || memoryCacheMaxEntries === 0) return undefined
  const percent = (memoryCacheEntryCount / memoryCacheMaxEntries) * 100
  if (percent <= NEARLY_FULL_PERCENT) return undefined
  return {
    severity: 'info',
    message: `Caches in memory hold ${memoryCacheEntryCount} of ${memoryCacheMaxEntries} entries (${percent.toFixed(0)} %).`,
    recommendations: [
      'Let the cache hold more entries, if its hit rate is low',
      'Leave it as it is, if its hit rate is high: a full cache lets the least used go',
    ],
  }
}
