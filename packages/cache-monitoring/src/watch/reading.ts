/** Cumulative counts of durations: how many did not take longer than so many seconds. */
export type Buckets = readonly (readonly [upToSeconds: number, count: number])[]

/** What was counted up to some moment, wherever it was read. */
export interface Reading {
  /** Milliseconds on a clock that never jumps. */
  readonly takenAt: number
  readonly hits: number
  readonly misses: number
  readonly errors: number
  readonly operations: number
  readonly latencies: readonly Latencies[]
  /** Left out where nobody has measured it. */
  readonly memory?: { readonly bytes: number; readonly entries: number }
  readonly alerts: readonly WatchedAlert[]
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

/** What was counted of one operation between two readings. */
export function latenciesSince(later: Latencies, earlier: Latencies | undefined): Latencies {
  if (earlier === undefined || earlier.count > later.count) return later
  const buckets = later.buckets.map(([bound, count]): [number, number] => {
    return [bound, count - countUpTo(earlier.buckets, bound)]
  })
  return { ...later, count: later.count - earlier.count, buckets }
}

/** The bound that so many percent did not exceed; `undefined` without any. */
export function percentileOf({ buckets, count }: Latencies, percent: number): number | undefined {
  if (count <= 0) return undefined
  const rank = (percent / 100) * count
  return buckets.find(([, upTo]) => upTo >= rank)?.[0]
}

function countUpTo(buckets: Buckets, bound: number): number {
  return buckets.findLast(([upTo]) => upTo <= bound)?.[1] ?? 0
}
