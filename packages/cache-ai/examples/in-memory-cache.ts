import { InMemoryCache } from '@verbatim/cache-memory'

const cache = new InMemoryCache({ defaultTtl: 1_800, maxSize: 500 })

await cache.set('user:123', { name: 'John', role: 'admin' })
console.log(await cache.get('user:123')) // { name: 'John', role: 'admin' }
console.log(await cache.delete('user:123')) // true

await cache.set('session:abc', 'token', '5m')
console.log(await cache.exists('session:abc')) // true
console.log(Math.round((await cache.getTtl('session:abc')) ?? 0)) // 300

const stats = cache.getStats()
console.log(`Cache utilization: ${stats.utilizationPercent.toFixed(1)}%`) // Cache utilization: 0.2%
