import {
  type CompressionMeasurement,
  compressionRatio,
  type InvalidationMeasurement,
  type KeyGenerationMeasurement,
  type OperationMeasurement,
} from './measurements.js'
import type {
  CacheOperationStats,
  CompressionStats,
  DurationStats,
  InvalidationStats,
  KeyGenerationStats,
  OperationTypeStats,
} from './performance-stats.js'

// Every function here wants at least one measurement; sections without any are left out.

export function summarizeKeyGeneration(
  measurements: readonly KeyGenerationMeasurement[],
  slowAboveSeconds: number,
): KeyGenerationStats {
  const durations = measurements.map(({ duration }) => duration)
  const textLengths = distribution(measurements.map(({ textLength }) => textLength))
  return {
    totalOperations: measurements.length,
    ...durationStats(durations),
    avgTextLength: textLengths.mean,
    maxTextLength: textLengths.max,
    slowOperations: countAbove(durations, slowAboveSeconds),
  }
}

export function summarizeOperations(
  measurements: readonly OperationMeasurement[],
  slowAboveSeconds: number,
): CacheOperationStats {
  const durations = measurements.map(({ duration }) => duration)
  const durationsByType = new Map<string, number[]>()
  for (const { operation, duration } of measurements) {
    const ofThisType = durationsByType.get(operation)
    if (ofThisType === undefined) durationsByType.set(operation, [duration])
    else ofThisType.push(duration)
  }
  return {
    totalOperations: measurements.length,
    ...durationStats(durations),
    slowOperations: countAbove(durations, slowAboveSeconds),
    byOperationType: Object.fromEntries(
      Array.from(durationsByType, ([operation, ofThisType]): [string, OperationTypeStats] => {
        const { mean, max } = distribution(ofThisType)
        const count = ofThisType.length
        return [operation, { count, avgDurationSeconds: mean, maxDurationSeconds: max }]
      }),
    ),
  }
}

export function summarizeCompression(
  measurements: readonly CompressionMeasurement[],
): CompressionStats {
  const ratios = distribution(measurements.map(compressionRatio))
  const times = distribution(measurements.map(({ compressionTime }) => compressionTime))
  const bytesBefore = sum(measurements.map(({ originalSize }) => originalSize))
  const bytesSaved = bytesBefore - sum(measurements.map(({ compressedSize }) => compressedSize))
  return {
    totalOperations: measurements.length,
    avgCompressionRatio: ratios.mean,
    medianCompressionRatio: ratios.median,
    bestCompressionRatio: ratios.min,
    worstCompressionRatio: ratios.max,
    avgCompressionTimeSeconds: times.mean,
    maxCompressionTimeSeconds: times.max,
    totalBytesProcessed: bytesBefore,
    totalBytesSaved: bytesSaved,
    overallSavingsPercent: bytesBefore === 0 ? 0 : (bytesSaved / bytesBefore) * 100,
  }
}

export function summarizeInvalidation(
  measurements: readonly InvalidationMeasurement[],
  totals: { readonly invalidations: number; readonly keysInvalidated: number },
): InvalidationStats {
  const durations = distribution(measurements.map(({ duration }) => duration))
  return {
    totalInvalidations: totals.invalidations,
    totalKeysInvalidated: totals.keysInvalidated,
    efficiency: {
      avgKeysPerInvalidation: totals.keysInvalidated / totals.invalidations,
      avgDurationSeconds: durations.mean,
      maxDurationSeconds: durations.max,
    },
  }
}

function durationStats(seconds: readonly number[]): DurationStats {
  const { mean, median, min, max } = distribution(seconds)
  return {
    avgDurationSeconds: mean,
    medianDurationSeconds: median,
    minDurationSeconds: min,
    maxDurationSeconds: max,
  }
}

interface Distribution {
  readonly mean: number
  readonly median: number
  readonly min: number
  readonly max: number
}

function distribution(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).toSorted()
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const last = sorted.length - 1
  return {
    mean: sum(values) / values.length,
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    min: at(0),
    max: at(last),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function countAbove(values: readonly number[], threshold: number): number {
  return values.filter((value) => value > threshold).length
}
