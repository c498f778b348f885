import type { ResolvedOptions } from '../options.js'
import type { MemoryUsage } from '../records/measurements.js'
import { toMb } from '../records/memory-use.js'
import type { RecentRecords } from '../records/recent-records.js'
import { distribution } from './distribution.js'

/** Measurements that the trends cover. */
const TREND_MEASUREMENTS = 10

/** The result before the first measurement. Sizes in MB are in units of 1,048,576 bytes. */
export interface NoMemoryStats {
  readonly noMeasurements: true
  readonly warningThresholdMb: number
  readonly criticalThresholdMb: number
}

/** The memory that caches use. Sizes in MB are in units of 1,048,576 bytes. */
export interface MemoryStats {
  readonly noMeasurements: false
  readonly current: {
    readonly totalCacheSizeMb: number
    readonly memoryCacheSizeMb: number
    readonly cacheEntryCount: number
    readonly memoryCacheEntryCount: number
    /** Absent without entries. */
    readonly avgEntrySizeBytes?: number
    readonly processMemoryMb: number
    /** In percent of the warning threshold. */
    readonly cacheUtilizationPercent: number
    readonly warningThresholdReached: boolean
  }
  readonly thresholds: {
    readonly warningThresholdMb: number
    readonly criticalThresholdMb: number
    readonly warningThresholdReached: boolean
    readonly criticalThresholdReached: boolean
  }
  /** The trends of the newest ten measurements. */
  readonly trends: {
    readonly totalMeasurements: number
    readonly avgTotalCacheSizeMb: number
    readonly maxTotalCacheSizeMb: number
    readonly avgMemoryCacheSizeMb: number
    readonly avgEntryCount: number
    readonly maxEntryCount: number
    /** (last - first) / time between them; absent where both have the same time. */
    readonly growthRateMbPerHour?: number
  }
}

/** Computes the current memory use, its thresholds and its trends. */
export function memoryStats(
  records: RecentRecords<MemoryUsage>,
  { memoryWarningThresholdBytes, memoryCriticalThresholdBytes }: ResolvedOptions,
): MemoryStats | NoMemoryStats {
  const warningThresholdMb = toMb(memoryWarningThresholdBytes)
  const criticalThresholdMb = toMb(memoryCriticalThresholdBytes)
  const newest = records.read().slice(-TREND_MEASUREMENTS)
  const current = newest.at(-1)?.measurement
  if (current === undefined)
    return { noMeasurements: true, warningThresholdMb, criticalThresholdMb }
  const { warningThresholdReached, totalCacheSizeBytes } = current
  const total = distribution(newest.map(({ measurement }) => measurement.totalCacheSizeBytes))
  const inMemory = distribution(newest.map(({ measurement }) => measurement.memoryCacheSizeBytes))
  const entries = distribution(newest.map(({ measurement }) => measurement.cacheEntryCount))
  return {
    noMeasurements: false,
    current: {
      totalCacheSizeMb: toMb(totalCacheSizeBytes),
      memoryCacheSizeMb: toMb(current.memoryCacheSizeBytes),
      cacheEntryCount: current.cacheEntryCount,
      memoryCacheEntryCount: current.memoryCacheEntryCount,
      ...(current.avgEntrySizeBytes !== null && { avgEntrySizeBytes: current.avgEntrySizeBytes }),
      processMemoryMb: current.processMemoryMb,
      cacheUtilizationPercent: current.cacheUtilizationPercent,
      warningThresholdReached,
    },
    thresholds: {
      warningThresholdMb,
      criticalThresholdMb,
      warningThresholdReached,
      criticalThresholdReached: totalCacheSizeBytes >= memoryCriticalThresholdBytes,
    },
    trends: {
      totalMeasurements: newest.length,
      avgTotalCacheSizeMb: toMb(total.mean),
      maxTotalCacheSizeMb: toMb(total.max),
      avgMemoryCacheSizeMb: toMb(inMemory.mean),
      avgEntryCount: entries.mean,
      maxEntryCount: entries.max,
      ...growthRate(newest),
    },
  }
}

function growthRate(
  records: ReturnType<RecentRecords<MemoryUsage>['read']>,
): { readonly growthRateMbPerHour: number } | undefined {
  const [first, last] = [records.at(0), records.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const hours = (last.takenAt - first.takenAt) / 3_600_000
  if (hours <= 0) return undefined
  const grown = last.measurement.totalCacheSizeBytes - first.measurement.totalCacheSizeBytes
  return { growthRateMbPerHour: toMb(grown) / hours }
}
