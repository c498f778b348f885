import type { CacheTier } from '@verbatim/cache-core'
import { LatencyHistogram, type LatencyHistogramData } from '../records/latency-histogram.js'
import type { TierName } from '../records/operation-counts.js'
import type { DashboardMonitor } from './options.js'
import type { HistoryPoint, LatencyPoint } from './overview.js'

const BYTES_PER_MB = 1_048_576

interface Counts {
  memoryHits: number
  redisHits: number
  otherHits: number
  misses: number
  errors: number
  changes: number
  joined: number
}

/** The counters of a monitor at one time. */
export interface Reading {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Milliseconds on a monotonic clock. */
  readonly takenAt: number
  readonly counts: Readonly<Counts>
  readonly reads: Readonly<Partial<Record<TierName, LatencyHistogramData>>>
  readonly memory: { readonly memoryBytes?: number; readonly redisBytes?: number }
}

const HITS = { memory: 'memoryHits', redis: 'redisHits', unspecified: 'otherHits' } as const

/** Reads the counters of a monitor. */
export function takeReading(
  monitor: DashboardMonitor,
  times: Pick<Reading, 'at' | 'takenAt'>,
): Reading {
  const { operation_counts, response_counts, latencies } = monitor.exportCounts()
  const counts: Counts = {
    memoryHits: 0,
    redisHits: 0,
    otherHits: 0,
    misses: 0,
    errors: 0,
    changes: 0,
    joined: 0,
  }
  for (const { operation, tier, outcome, count } of operation_counts) {
    if (outcome === 'error') counts.errors += count
    else if (operation !== 'get') counts.changes += count
    else if (outcome === 'miss') counts.misses += count
    else if (outcome === 'hit') counts[HITS[tier]] += count
  }
  for (const { outcome, count } of response_counts) if (outcome === 'joined') counts.joined += count
  const reads: Partial<Record<TierName, LatencyHistogramData>> = {}
  for (const { operation, tier, histogram } of latencies) {
    if (operation === 'get') reads[tier] = histogram
  }
  return { ...times, counts, reads, memory: memoryOf(monitor) }
}

function memoryOf(monitor: DashboardMonitor): Reading['memory'] {
  const stats = monitor.getMemoryUsageStats()
  if (stats.noMeasurements) return {}
  const { totalCacheSizeMb, memoryCacheSizeMb } = stats.current
  return {
    memoryBytes: memoryCacheSizeMb * BYTES_PER_MB,
    redisBytes: (totalCacheSizeMb - memoryCacheSizeMb) * BYTES_PER_MB,
  }
}

/** Returns the figures of the interval between two readings. */
export function pointBetween(earlier: Reading, later: Reading): HistoryPoint {
  const isReset = Object.entries(later.counts).some(
    ([name, count]) => count < earlier.counts[name as keyof Counts],
  )
  const since = (name: keyof Counts): number =>
    isReset ? later.counts[name] : later.counts[name] - earlier.counts[name]
  const latencyOf = (tier: CacheTier): LatencyPoint | undefined =>
    percentilesBetween(isReset ? undefined : earlier.reads[tier], later.reads[tier])
  const [memoryLatency, redisLatency] = [latencyOf('memory'), latencyOf('redis')]
  return {
    at: later.at,
    seconds: (later.takenAt - earlier.takenAt) / 1_000,
    memoryHits: since('memoryHits'),
    redisHits: since('redisHits'),
    otherHits: since('otherHits'),
    misses: since('misses'),
    errors: since('errors'),
    changes: since('changes'),
    joined: since('joined'),
    ...(memoryLatency && { memoryLatency }),
    ...(redisLatency && { redisLatency }),
    ...later.memory,
  }
}

/** Returns percentiles of the durations that only the later histogram has; `undefined` without any. */
function percentilesBetween(
  earlier: LatencyHistogramData | undefined,
  later: LatencyHistogramData | undefined,
): LatencyPoint | undefined {
  if (later === undefined) return undefined
  const before = new Map(earlier?.bins)
  const bins = later.bins
    .map(([bin, count]) => [bin, count - (before.get(bin) ?? 0)] as const)
    .filter(([, count]) => count > 0)
  const zero_count = later.zero_count - (earlier?.zero_count ?? 0)
  const count = bins.reduce((sum, [, each]) => sum + each, zero_count)
  if (count === 0) return undefined
  const histogram = LatencyHistogram.fromJSON({ ...later, bins, zero_count, count })
  const milliseconds = (percent: number): number => (histogram.percentile(percent) ?? 0) * 1_000
  return { p50: milliseconds(50), p95: milliseconds(95), p99: milliseconds(99) }
}
