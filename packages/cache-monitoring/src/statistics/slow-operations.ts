import { invalidArgument } from '@verbatim/cache-core/implement'
import type { Recordings } from '../records/recordings.js'
import { mean } from './distribution.js'

/** An operation that took longer than usual. */
export interface SlowOperation {
  /** The operation of a cache, such as `get`, or of a request, such as `summarize`. */
  readonly operationType: string
  readonly durationSeconds: number
  /** ISO 8601. */
  readonly timestamp: string
  /** The duration divided by the mean of the fastest four fifths. */
  readonly timesSlower: number
}

export interface SlowOperations {
  readonly keyGeneration: readonly SlowOperation[]
  readonly cacheOperations: readonly SlowOperation[]
  readonly compression: readonly SlowOperation[]
}

/** The share of operations that defines the usual duration. Slow ones must not raise it. */
const USUAL_SHARE = 0.8

/**
 * Returns the retained operations that took at least `multiplier` times as long as usual.
 *
 * @throws ValidationError (`INVALID_MULTIPLIER`)
 */
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
  throw invalidArgument('multiplier', 'a finite number above 0', value, {
    code: 'INVALID_MULTIPLIER',
  })
}

function usualDuration(durations: readonly number[]): number {
  if (durations.length === 0) return 0
  const fastest = Math.max(1, Math.floor(durations.length * USUAL_SHARE))
  return mean(durations.toSorted((one, other) => one - other).slice(0, fastest))
}
