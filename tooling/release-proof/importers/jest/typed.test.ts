import { ValidationError } from '@verbatim/cache-core'
import { toMilliseconds } from '@verbatim/cache-core/implement'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'

test('a monitor counts the operations of a cache', async () => {
  const performanceMonitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor })
  await cache.set('key', [1, 2])
  expect(await cache.get<number[]>('key')).toEqual([1, 2])
  expect(await prometheusRegistry(performanceMonitor).metrics()).toContain('verbatim_cache')
  expect(() => toMilliseconds(0)).toThrow(ValidationError)
})
