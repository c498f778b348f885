import assert from 'node:assert/strict'
import { InMemoryCache, type InMemoryCacheStats } from '@verbatim/cache-memory'

const cache = new InMemoryCache({ maxSize: 2, defaultTtl: '1h' })
await cache.set('a', { list: [1, 2, 3] })
await cache.set('b', null)
await cache.get('a')
await cache.set('c', 0, 30)

assert.deepEqual(await cache.get<{ list: number[] }>('a'), { list: [1, 2, 3] })
assert.equal(await cache.get('b'), undefined)
assert.equal(await cache.get('c'), 0)
const stats: InMemoryCacheStats = cache.getStats()
assert.equal(stats.evictions, 1)
assert.equal(stats.hitRate, 75)
console.log('ok')
