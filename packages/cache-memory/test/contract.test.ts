import { type CacheMonitor, ManualClock } from '@verbatim/cache-core'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { InMemoryCache } from '../src/index.js'

for (const isolation of ['none', 'freeze', 'clone'] as const) {
  let clock = new ManualClock()
  const create = (performanceMonitor?: CacheMonitor): InMemoryCache => {
    clock = new ManualClock()
    return new InMemoryCache({ isolation, clock, performanceMonitor })
  }
  testCacheContract<InMemoryCache>(`InMemoryCache (isolation '${isolation}')`, {
    create: () => create(),
    createObserved: create,
    advance: (milliseconds) => clock.advance(milliseconds),
    clock: 'manual',
    isolation,
    stats: (cache) => cache.getStats(),
  })
}
