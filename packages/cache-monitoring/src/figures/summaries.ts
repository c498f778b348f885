import {
  type CompressionMeasurement,
  compressionRatio,
  type KeyGenerationMeasurement,
  type OperationMeasurement,
} from '../records/measurements.js'
import { distribution, sum } from './distribution.js'
import type {
  CacheOperationStats,
  CompressionStats,
  DurationStats,
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
    ...(bytesBefore > 0 && { overallSavingsPercent: (bytesSaved / bytesBefore) * 100 }),
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

function countAbove(values: readonly number[], threshold: number): number {
  return values.filter((value) => value > threshold).length
}
