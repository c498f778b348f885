import { isDeepStrictEqual } from 'node:util'
import { hitRate } from '@verbatim/cache-core/implement'
import { countsSince } from '../benchmark-monitor.js'
import type { ScenarioCounts } from '../benchmark-result.js'
import { type BasicOperationsItem, generateMemoryPressureData } from '../test-data.js'
import {
  CallTimer,
  type Measurement,
  type Measuring,
  MemoryTracker,
  removeKeys,
  wrongAnswer,
} from './measurement.js'

const READS_PER_KEY = 3
const PRESSURE_MB = 5

/**
 * Sets one half of the items, reads one quarter of them three times each, then sets 5 MB of other entries,
 * so that a cache with a small memory tier evicts.
 *
 * Each call is one iteration. The tier of a hit is known only with a `monitor`.
 *
 * @throws CacheError (`WRONG_ANSWER`) if a read returns another value
 * @throws CacheError (`BENCHMARK_FAILED`) if every call failed
 */
export async function measureMemoryCache(
  measuring: Measuring,
  items: readonly BasicOperationsItem[],
  seed: number,
): Promise<Measurement> {
  const { cache, monitor } = measuring
  const memory = new MemoryTracker()
  const timer = new CallTimer(measuring, memory)
  const stored = items.slice(0, Math.max(1, Math.floor(items.length / 2)))
  const read = stored.slice(0, Math.max(1, Math.floor(items.length / 4)))
  for (const { key, text, cacheTtl } of stored) {
    await timer.time('set', () => cache.set(key, { key, text }, cacheTtl))
  }
  const before = monitor?.counts()
  let hits = 0
  let misses = 0
  for (const { key, text } of read) {
    for (let time = 0; time < READS_PER_KEY; time++) {
      const failures = timer.calls - timer.samples.length
      const value = await timer.time('get', () => cache.get(key))
      if (timer.calls - timer.samples.length > failures) continue
      if (value === undefined) misses++
      else if (isDeepStrictEqual(value, { key, text })) hits++
      else throw wrongAnswer(key, 'get returned another value')
    }
  }
  const tiers =
    monitor === undefined || before === undefined
      ? undefined
      : countsSince(before, monitor.counts())
  const pressure = generateMemoryPressureData({ totalMb: PRESSURE_MB, seed })
  try {
    for (const { key, text } of pressure) {
      await timer.time('set', () => cache.set(key, { key, text }, 300))
    }
  } finally {
    await removeKeys(
      cache,
      pressure.map(({ key }) => key),
    )
  }
  timer.assertSamples()
  return {
    samples: timer.samples,
    operations: timer.operations,
    iterations: timer.calls,
    memory,
    hits,
    reads: hits + misses,
    counts: {
      totalOperations: timer.calls,
      successfulOperations: timer.samples.length,
      cacheHits: hits,
      cacheMisses: misses,
      ...rateOf('overallHitRate', hits, misses),
      ...(tiers !== undefined && {
        memoryHits: tiers.memoryHits,
        redisHits: tiers.redisHits,
        hasMemoryCache: tiers.memoryHits > 0,
        ...rateOf('memoryHitRate', tiers.memoryHits, tiers.redisHits + tiers.misses),
      }),
      evictionTestEntries: pressure.length,
    },
  }
}

function rateOf(
  name: 'overallHitRate' | 'memoryHitRate',
  hits: number,
  misses: number,
): ScenarioCounts {
  const rate = hitRate({ hits, misses })
  return rate === undefined ? {} : { [name]: rate }
}
