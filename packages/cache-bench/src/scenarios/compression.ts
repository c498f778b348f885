import { isDeepStrictEqual } from 'node:util'
import { countsSince } from '../benchmark-monitor.js'
import { generateCompressionTestData } from '../test-data.js'
import {
  CallTimer,
  type Measurement,
  type Measuring,
  MemoryTracker,
  removeKeys,
  wrongAnswer,
} from './measurement.js'

/**
 * Sets and reads texts and data that compress well and badly.
 *
 * One iteration is one `set` and one `get` of one kind of data. The bytes are measured by the `monitor` that
 * the cache reports to, and are absent without one.
 *
 * @throws CacheError (`WRONG_ANSWER`) if a read does not return the value that was just set
 * @throws CacheError (`BENCHMARK_FAILED`) if every call failed
 */
export async function measureCompression(
  measuring: Measuring,
  iterations: number,
  seed: number,
): Promise<Measurement> {
  const { cache, monitor } = measuring
  const memory = new MemoryTracker()
  const timer = new CallTimer(measuring, memory)
  const kinds = generateCompressionTestData({ seed })
  const before = monitor?.counts()
  const keys: string[] = []
  const samples: number[] = []
  let hits = 0
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      for (const { kind, data } of kinds) {
        const key = `compression_test_${kind}_${iteration}`
        keys.push(key)
        const calls = timer.samples.length
        await timer.time('set', () => cache.set(key, data, 300))
        const value = await timer.time('get', () => cache.get(key))
        if (timer.samples.length < calls + 2) continue
        if (!isDeepStrictEqual(value, data)) throw wrongAnswer(key, 'get returned another value')
        hits++
        samples.push((timer.samples.at(-2) ?? 0) + (timer.samples.at(-1) ?? 0))
      }
    }
  } finally {
    await removeKeys(cache, keys)
  }
  timer.assertSamples()
  const bytes =
    monitor === undefined || before === undefined
      ? undefined
      : countsSince(before, monitor.counts())
  const { uncompressedBytes = 0, compressedBytes = 0 } = bytes ?? {}
  const ratio = uncompressedBytes === 0 ? undefined : compressedBytes / uncompressedBytes
  return {
    samples,
    operations: timer.operations,
    iterations: keys.length,
    memory,
    hits,
    reads: hits,
    counts: {
      totalOperations: timer.calls,
      successfulOperations: timer.samples.length,
      compressionTestTypes: kinds.length,
      ...(bytes !== undefined && {
        hasCompression: uncompressedBytes > 0,
        totalOriginalBytes: uncompressedBytes,
        totalCompressedBytes: compressedBytes,
      }),
      ...(ratio !== undefined && {
        avgCompressionRatio: ratio,
        compressionSavingsPercent: (1 - ratio) * 100,
      }),
    },
  }
}
