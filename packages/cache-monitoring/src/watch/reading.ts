import type { OperationTotals } from '../records/operation-counts.js'
import { assertMap, assertReading } from './assert-reading.js'

/** Cumulative counts of durations up to each bound, in seconds. */
export type Buckets = readonly (readonly [upToSeconds: number, count: number])[]

/** Counters of one cache since its process started. */
export interface Counters extends OperationTotals {
  readonly latencies: readonly Latencies[]
}

/** The state of one or more caches at one moment. Counters are the sums over all of them. */
export interface Reading extends Counters {
  /** Milliseconds on a monotonic clock. */
  readonly takenAt: number
  /** Absent if it was not measured. */
  readonly memory?: { readonly bytes: number; readonly entries: number }
  readonly alerts: readonly WatchedAlert[]
  /**
   * The counters of each instance, by a name that stays the same from reading to reading. An instance is a
   * cache in a process; its counters start at zero with the process. Absent for a single instance.
   */
  readonly instances?: ReadonlyMap<string, Counters>
}

export interface Latencies {
  readonly operation: string
  readonly tier: string
  readonly count: number
  readonly buckets: Buckets
}

export interface WatchedAlert {
  readonly name: string
  readonly level: string
  /** Absent where the page contains none. */
  readonly message?: string
}

/** Returns the counters of each instance of a reading. */
export function instancesOf(reading: Reading): ReadonlyMap<string, Counters> {
  return reading.instances ?? new Map([['', reading]])
}

/**
 * Adds up counters. Histograms of the same operation and tier become one, so percentiles cover all
 * operations.
 */
export function sumOfCounters(all: Iterable<Counters>): Counters {
  const sum = { operations: 0, hits: 0, misses: 0, errors: 0 }
  const groups = new Map<string, Latencies[]>()
  for (const { operations, hits, misses, errors, latencies } of all) {
    sum.operations += operations
    sum.hits += hits
    sum.misses += misses
    sum.errors += errors
    for (const each of latencies) {
      const name = JSON.stringify([each.operation, each.tier])
      groups.set(name, [...(groups.get(name) ?? []), each])
    }
  }
  return { ...sum, latencies: Array.from(groups.values(), sumOfLatencies) }
}

/**
 * Returns the counts of an instance since an earlier reading. Where any counter has decreased, the instance
 * has started again, and all its counts are new.
 */
export function countersSince(later: Counters, earlier: Counters): Counters {
  const since = {
    operations: later.operations - earlier.operations,
    hits: later.hits - earlier.hits,
    misses: later.misses - earlier.misses,
    errors: later.errors - earlier.errors,
  }
  if (Object.values(since).some((count) => count < 0)) return later
  const latencies = later.latencies.map((each) => latenciesSince(each, sameIn(earlier, each)))
  return { ...since, latencies }
}

/** Returns the latencies of the same operation and tier. */
export function sameIn(counters: Counters, { operation, tier }: Latencies): Latencies | undefined {
  return counters.latencies.find((each) => each.operation === operation && each.tier === tier)
}

/** Returns the bound of a percentile; `undefined` without a measurement. */
export function percentileOf({ buckets, count }: Latencies, percent: number): number | undefined {
  if (count <= 0) return undefined
  const rank = (percent / 100) * count
  return buckets.find(([, upTo]) => upTo >= rank)?.[0]
}

function latenciesSince(later: Latencies, earlier: Latencies | undefined): Latencies {
  if (earlier === undefined || earlier.count > later.count) return later
  const buckets = later.buckets.map(([bound, count]): [number, number] => {
    return [bound, count - countUpTo(earlier.buckets, bound)]
  })
  return { ...later, count: later.count - earlier.count, buckets }
}

/** Instances may have different bounds. Each bound gets the counts of all instances up to it. */
function sumOfLatencies(all: readonly Latencies[]): Latencies {
  const [first] = all
  if (first === undefined || all.length === 1) return first as Latencies
  const bounds = new Set(all.flatMap(({ buckets }) => buckets.map(([bound]) => bound)))
  const sum = (counts: readonly number[]): number => counts.reduce((total, each) => total + each, 0)
  return {
    ...first,
    count: sum(all.map(({ count }) => count)),
    buckets: Array.from(bounds)
      .toSorted((one, other) => one - other)
      .map((bound) => [bound, sum(all.map(({ buckets }) => countUpTo(buckets, bound)))]),
  }
}

function countUpTo(buckets: Buckets, bound: number): number {
  return buckets.findLast(([upTo]) => upTo <= bound)?.[1] ?? 0
}

/**
 * Adds up the readings of caches and processes. Rates and percentiles then cover all operations.
 *
 * @param readings - by a name of each source that stays the same from reading to reading. Leave out a source
 * that did not respond; its counts are added when it responds again
 * @throws ValidationError (`INVALID_ARGUMENT`) that names the wrong field of a reading
 */
export function mergeReadings(readings: ReadonlyMap<string, Reading>): Reading {
  assertMap(readings, 'readings', 'a Map of readings by name')
  for (const [index, reading] of [...readings.values()].entries()) {
    assertReading(reading, `readings[${index}]`)
  }
  const all = [...readings.values()]
  const instances = new Map<string, Counters>()
  for (const [source, reading] of readings) {
    for (const [name, counters] of instancesOf(reading)) {
      instances.set(name === '' ? source : `${source} ${name}`, counters)
    }
  }
  const memories = all.flatMap(({ memory }) => (memory === undefined ? [] : [memory]))
  return {
    takenAt: Math.max(...all.map(({ takenAt }) => takenAt)),
    ...sumOfCounters(instances.values()),
    ...(memories.length > 0 && {
      memory: {
        bytes: memories.reduce((sum, { bytes }) => sum + bytes, 0),
        entries: memories.reduce((sum, { entries }) => sum + entries, 0),
      },
    }),
    alerts: all.flatMap(({ alerts }) => alerts),
    instances,
  }
}
