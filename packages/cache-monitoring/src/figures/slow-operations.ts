import { describeType, ValidationError } from '@verbatim/cache-core'
import type { Recordings } from '../records/recordings.js'
import { mean } from './distribution.js'

/** What took longer than others of its kind. */
export interface SlowOperation {
  /** What was done, such as `get`, or for what, such as `summarize`. */
  readonly operationType: string
  readonly durationSeconds: number
  /** ISO 8601. */
  readonly timestamp: string
  /** By how much it exceeds the mean of the fastest four fifths. */
  readonly timesSlower: number
}

export interface SlowOperations {
  readonly keyGeneration: readonly SlowOperation[]
  readonly cacheOperations: readonly SlowOperation[]
  readonly compression: readonly SlowOperation[]
}

/** The share of the fastest that tells what is usual: outliers must not hide themselves. */
const USUAL_SHARE = 0.8

/** @throws ValidationError (`INVALID_MULTIPLIER`) */
export function slowOperations(recordings: Recordings, multiplier: number): SlowOperations {
  assertMultiplier(multiplier)
  return {
    keyGeneration: slowOf(
      recordings.keyGenerations.read().map(({ measurement, timestamp }) => ({
        operationType: measurement.operationType,
        durationSeconds: measurement.duration,
        timestamp,
      })),
      multiplier,
    ),
    cacheOperations: slowOf(
      recordings.operations.read().map(({ measurement, timestamp }) => ({
        operationType: measurement.operation,
        durationSeconds: measurement.duration,
        timestamp,
      })),
      multiplier,
    ),
    compression: slowOf(
      recordings.compressions.read().map(({ measurement, timestamp }) => ({
        operationType: measurement.operationType,
        durationSeconds: measurement.compressionTime,
        timestamp,
      })),
      multiplier,
    ),
  }
}

interface TimedOperation {
  readonly operationType: string
  readonly durationSeconds: number
  /** Seconds since 1970. */
  readonly timestamp: number
}

function slowOf(operations: readonly TimedOperation[], multiplier: number): SlowOperation[] {
  const usual = usualDuration(operations.map(({ durationSeconds }) => durationSeconds))
  if (usual === 0) return []
  return operations
    .filter(({ durationSeconds }) => durationSeconds >= multiplier * usual)
    .map(({ operationType, durationSeconds, timestamp }) => ({
      operationType,
      durationSeconds,
      timestamp: new Date(timestamp * 1_000).toISOString(),
      timesSlower: durationSeconds / usual,
    }))
}

function assertMultiplier(value: unknown): void {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return
  const received = typeof value === 'number' ? String(value) : describeType(value)
  throw new ValidationError(`multiplier is ${received}; allowed: a finite number above 0`, {
    code: 'INVALID_MULTIPLIER',
    context: { argument: 'multiplier', received },
  })
}

function usualDuration(durations: readonly number[]): number {
  if (durations.length === 0) return 0
  const fastest = Math.max(1, Math.floor(durations.length * USUAL_SHARE))
  return mean(durations.toSorted((one, other) => one - other).slice(0, fastest))
}
