import type { CacheMonitor, MemoryHolder } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'

test('with a limit of bytes the figure is exact', async () => {
  const cache = new InMemoryCache({ maxSize: 10, maxBytes: 1_000 })
  await cache.set('key', 'value')
  expect(cache.memoryUse()).toEqual({ entries: 1, maxEntries: 10, bytes: 8 })
  await cache.delete('key')
  expect(cache.memoryUse()).toEqual({ entries: 0, maxEntries: 10, bytes: 0 })
})

test('without one it is estimated from entries used last', async () => {
  const cache = new InMemoryCache()
  expect(cache.memoryUse()).toEqual({ entries: 0, maxEntries: 1_000, bytes: 0 })
  await cache.setMany(
    Array.from({ length: 500 }, (_, index) => [String(index + 100), 'x'.repeat(97)]),
  )
  expect(cache.memoryUse()).toEqual({ entries: 500, maxEntries: 1_000, bytes: 50_000 })
})

test('a large value costs no more time than its first thousand parts', async () => {
  const cache = new InMemoryCache()
  await cache.set(
    'key',
    Array.from({ length: 100_000 }, () => 1),
  )
  expect(cache.memoryUse().bytes).toBe(3 + 8 * 1_000)
})

test('a monitor may ask for it', () => {
  const holders: MemoryHolder[] = []
  const monitor: Partial<CacheMonitor> = {
    observeOperation: () => {},
    observeInvalidation: () => {},
    observeMemory: (holder) => holders.push(holder),
  }
  const cache = new InMemoryCache({ performanceMonitor: monitor as CacheMonitor })
  expect(holders).toEqual([cache])
})
