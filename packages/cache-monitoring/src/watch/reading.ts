import type { OperationTotals } from '../records/totals.js'

/** Cumulative counts of durations: how many did not take longer than so many seconds. */
export type Buckets = readonly (readonly [upToSeconds: number, count: number])[]

/** Counters of one cache in one process since that process started. */
export interface Counters extends OperationTotals {
  readonly latencies: readonly Latencies[]
}

/** The state of one or more caches at some moment. Counters are the sums over all of them. */
export interface Reading extends Counters {
  /** Milliseconds on a clock that never jumps. */
  readonly takenAt: number
  /** Left out if it was not measured. */
  readonly memory?: { readonly bytes: number; readonly entries: number }
  readonly alerts: readonly WatchedAlert[]
  /**
   * The counters of each instance, by a name that it keeps from reading to reading. An instance is a
   * cache in a process: each starts from zero when its process does. Left out for a single one.
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
  /** Left out where it was not told. */
  readonly message?: string
}

/** Returns the counters of each instance of a reading. */
export function instancesOf(reading: Reading): ReadonlyMap<string, Counters> {
  return reading.instances ?? new Map([['', reading]])
}

/**
 * Adds up counters. Histograms of the same operation and tier become one, so that percentiles are
 * those of all operations together.
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
 * Returns what an instance counted since an earlier reading. An instance any of whose counters went back
 * was started again: all that it counts now is new.
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

/** Returns the bound that so many percent did not exceed; `undefined` without any. */
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

/** Instances may have buckets of different bounds: each bound gets what all of them hold up to it. */
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
