import type { CacheInterface } from '@verbatim/cache-core'
import { CachePerformanceMonitor } from '../../src/index.js'

/** Returns a monitor with records of every kind. */
export function busyMonitor(name = 'answers'): CachePerformanceMonitor {
  const monitor = new CachePerformanceMonitor({ name, memoryWarningThresholdBytes: 1 })
  for (let count = 0; count < 60; count++) {
    monitor.observeOperation('get', 'hit', 'memory', 0.002)
    monitor.observeOperation('get', 'hit', 'redis', 0.3)
  }
  for (let count = 0; count < 40; count++) monitor.observeOperation('get', 'miss', 'redis', 0.4)
  monitor.observeOperation('set', 'ok', 'redis', 0.5)
  monitor.observeOperation('get', 'error', 'redis', 200)
  monitor.observeOperation('delete', 'ok', 'memory', undefined)
  monitor.observeKeyGeneration(0.05, 100, 'summarize')
  monitor.observeCompression(4_000, 1_000, 1)
  monitor.observeInvalidation(7, 2)
  monitor.observeResponse('summarize', 'small', 'hit', 1)
  monitor.observeResponse('qa', undefined, 'miss', 1)
  monitor.observeInvalidation(-1, 2)
  monitor.recordMemoryUsage({
    memoryCacheBytes: 1_000,
    memoryCacheEntries: 10,
    redisBytes: 5_000,
    redisKeys: 50,
  })
  return monitor
}

/** A text that stands for keys, values and prompts. */
export const CANARY = 'canary-7f3a'

/** Calls the methods of a cache with keys, values, tags and errors that contain the canary. */
export async function useWithCanary(cache: CacheInterface): Promise<void> {
  await cache.set(`${CANARY}:key`, { text: CANARY }, { tags: [`${CANARY}-tag`] })
  await cache.get(`${CANARY}:key`)
  await cache.get(`${CANARY}:absent`)
  await cache.getOrSet(`${CANARY}:loaded`, () => CANARY)
  await cache.getOrSet(`${CANARY}:failed`, () => Promise.reject(new Error(CANARY))).catch(() => 0)
  await cache.getMany([`${CANARY}:key`, `${CANARY}:other`])
  await cache.delete(`${CANARY}:loaded`)
  await cache.invalidateTags([`${CANARY}-tag`])
  await cache.invalidatePattern(`${CANARY}*`)
  await cache.clear()
}
