import { AIResponseCache } from '@verbatim/cache-ai'
import type { CacheInterface } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'

/** Works with every cache. */
async function greeting(cache: CacheInterface, name: string): Promise<string> {
  return cache.getOrSet(`greeting:${name}`, () => `Hello, ${name}`, { ttl: '1h' })
}

const before = new InMemoryCache({ defaultTtl: 3_600, maxSize: 1_000 })

const after = new AIResponseCache({
  redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  keyPrefix: `verbatim-example:${process.pid}:`,
  defaultTtl: 3_600,
  l1CacheSize: 100, // a smaller tier in memory
  compressionThreshold: 1_000,
})

console.log(await greeting(before, 'Ada')) // Hello, Ada
console.log(await greeting(after, 'Ada')) // Hello, Ada
await after.close()
