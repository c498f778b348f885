import assert from 'node:assert/strict'
import {
  type BenchmarkedCache,
  CachePerformanceBenchmark,
  formatTable,
} from '@verbatim/cache-bench'

const values = new Map<string, unknown>()
const cache: BenchmarkedCache = {
  get: async <T>(key: string) => values.get(key) as T | undefined,
  set: async (key, value) => void values.set(key, value),
  exists: async (key) => values.has(key),
  delete: async (key) => values.delete(key),
}

const benchmark = new CachePerformanceBenchmark({ warmupIterations: 2 })
const result = await benchmark.benchmarkBasicOperations(cache, { iterations: 20, cacheName: 'map' })
assert.equal(result.successRate, 1)
assert.match(formatTable([result]), /map/)
console.log('ok')
