import { GenericRedisCache } from '../../src/index.js'

// A process of its own: opens many caches at once, uses each, and reports how that went.

const [redisUrl, count] = process.argv.slice(2)
const caches = Array.from(
  { length: Number(count) },
  (_, index) => new GenericRedisCache({ redisUrl: redisUrl as string, keyPrefix: `c${index}:` }),
)
const startedAt = performance.now()
const connected = await Promise.all(caches.map((cache) => cache.connect()))
const connectMs = Math.round(performance.now() - startedAt)
const live = (): number =>
  caches.filter((cache) => cache.getStats().memory?.tracking === 'live').length
while (live() < caches.length && performance.now() - startedAt < 60_000) {
  await new Promise((resolve) => setTimeout(resolve, 50))
}
const report = {
  connected: connected.filter(Boolean).length,
  live: live(),
  connectMs,
  allMs: Math.round(performance.now() - startedAt),
}
process.stdout.write(`${JSON.stringify(report)}\n`)
await Promise.all(caches.map((cache) => cache.close()))
