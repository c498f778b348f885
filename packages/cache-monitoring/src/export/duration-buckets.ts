/** Upper bounds of buckets of durations in seconds: from a hit in memory to a Redis that hangs. */
export const DURATION_BUCKETS: number[] = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2,
  5e-2, 0.1, 0.25, 0.5, 1, 2.5,
]
