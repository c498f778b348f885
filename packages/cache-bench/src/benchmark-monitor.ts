import type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  OperationOutcome,
} from '@verbatim/cache-core'

/** Counts of a {@link BenchmarkMonitor}. */
export interface MonitorCounts {
  readonly memoryHits: number
  readonly redisHits: number
  readonly misses: number
  /** Bytes of the compressed values before compression. */
  readonly uncompressedBytes: number
  /** Bytes of the same values after compression. */
  readonly compressedBytes: number
}

/**
 * Counts the tier of each hit and the bytes of each compression, so that a benchmark measures them.
 *
 * Pass the same monitor to the cache and to the benchmark.
 *
 * @example
 * ```ts
 * const monitor = new BenchmarkMonitor()
 * const cache = new GenericRedisCache({ redisUrl, performanceMonitor: monitor })
 * const benchmark = new CachePerformanceBenchmark({ monitor })
 * ```
 */
export class BenchmarkMonitor implements CacheMonitor {
  #memoryHits = 0
  #redisHits = 0
  #misses = 0
  #uncompressedBytes = 0
  #compressedBytes = 0

  /** Returns the counts since the creation of the monitor. */
  counts(): MonitorCounts {
    return {
      memoryHits: this.#memoryHits,
      redisHits: this.#redisHits,
      misses: this.#misses,
      uncompressedBytes: this.#uncompressedBytes,
      compressedBytes: this.#compressedBytes,
    }
  }

  observeOperation(operation: CacheOperation, outcome: OperationOutcome, tier: CacheTier): void {
    if (operation !== 'get') return
    if (outcome === 'miss') this.#misses++
    if (outcome !== 'hit') return
    if (tier === 'memory') this.#memoryHits++
    else this.#redisHits++
  }

  observeCompression(uncompressedBytes: number, compressedBytes: number): void {
    this.#uncompressedBytes += uncompressedBytes
    this.#compressedBytes += compressedBytes
  }

  observeKeyGeneration(): void {}

  observeInvalidation(): void {}
}

/** Returns the increase of every count. */
export function countsSince(before: MonitorCounts, after: MonitorCounts): MonitorCounts {
  return {
    memoryHits: after.memoryHits - before.memoryHits,
    redisHits: after.redisHits - before.redisHits,
    misses: after.misses - before.misses,
    uncompressedBytes: after.uncompressedBytes - before.uncompressedBytes,
    compressedBytes: after.compressedBytes - before.compressedBytes,
  }
}
