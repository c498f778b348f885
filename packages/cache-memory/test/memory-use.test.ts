import type { CacheMonitor, MemoryHolder } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'

test('memoryUse returns the bytes that count against maxBytes', async () => {
  const cache = new InMemoryCache({ maxSize: 10, sizeOf: () => 5 })
  await cache.set('key', 'value')
  expect(cache.memoryUse()).toEqual({ entries: 1, maxEntries: 10, bytes: 8 })
  await cache.delete('key')
  expect(cache.memoryUse()).toEqual({ entries: 0, maxEntries: 10, bytes: 0 })
})

test('memoryUse estimates the bytes from the most recently used entries without a limit', async () => {
  const cache = new InMemoryCache({ maxBytes: Number.POSITIVE_INFINITY })
  expect(cache.memoryUse()).toEqual({ entries: 0, maxEntries: 1_000, bytes: 0 })
  await cache.setMany(
    Array.from({ length: 500 }, (_, index) => [String(index + 100), 'x'.repeat(1_000)]),
  )
  expect(cache.memoryUse().bytes).toBeGreaterThan(500 * 1_000)
  expect(cache.memoryUse().bytes).toBeLessThan(500 * 1_300)
})

test('a monitor receives the cache as a memory holder', () => {
  const holders: MemoryHolder[] = []
  const monitor: Partial<CacheMonitor> = {
    observeOperation: () => {},
    observeInvalidation: () => {},
    observeMemory: (holder) => holders.push(holder),
  }
  const cache = new InMemoryCache({ performanceMonitor: monitor as CacheMonitor })
  expect(holders).toEqual([cache])
})
