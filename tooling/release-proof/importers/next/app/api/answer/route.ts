import { AIResponseCache } from '@verbatim/cache-ai'
import { CacheInterface, ValidationError } from '@verbatim/cache-core'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import { GenericRedisCache } from '@verbatim/cache-redis'

export const dynamic = 'force-dynamic'

/** Large enough to be converted in a worker thread. */
const LARGE = 'x'.repeat(2_000_000)
const REQUEST = { text: 'A text.', operation: 'qa' }

/** Returns which parts of the packages work in a route handler. */
export async function GET(): Promise<Response> {
  const performanceMonitor = new CachePerformanceMonitor()
  const redisUrl = process.env['REDIS_URL']
  const cache = new AIResponseCache({ performanceMonitor, redisUrl, enableL1Cache: false })
  await cache.getOrCompute(REQUEST, () => LARGE)
  const found = await cache.getCachedResponse<string>(REQUEST)
  const refusal: unknown = await cache.set('', 1).catch((error: unknown) => error)
  const works = {
    hit: found?.response === LARGE,
    errors: refusal instanceof ValidationError,
    caches: cache instanceof CacheInterface && cache instanceof GenericRedisCache,
    metrics: (await prometheusRegistry(performanceMonitor).metrics()).includes('verbatim_cache'),
  }
  await cache.close()
  return Response.json(works)
}
