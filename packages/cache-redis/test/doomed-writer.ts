import { once } from 'node:events'
import { GenericRedisCache } from '../src/index.js'

/** Writes keys when a line arrives, gives them up while Redis does not respond, and waits to be killed. */
const [redisUrl = '', count = '0'] = process.argv.slice(2)
const cache = new GenericRedisCache({ redisUrl, commandTimeout: 60, enableL1Cache: false })
await cache.connect()
await cache.set('a program to be known', 1)
console.log('ready')
await once(process.stdin, 'data')
const keys = Array.from({ length: Number(count) }, (_, index) => `killed:${index}`)
const calls: Promise<void>[] = []
for (const [index, key] of keys.entries()) {
  calls.push(cache.set(key, 'ghost'))
  // Half of them leave together, and half one by one.
  if (index >= keys.length / 2) await new Promise(setImmediate)
}
await Promise.allSettled(calls)
console.log(`given up: ${cache.getStats().redis.errors['BACKEND_TIMEOUT'] ?? 0}`)
setInterval(() => undefined, 60_000)
