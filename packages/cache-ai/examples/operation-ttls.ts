import { AIResponseCache } from '@verbatim/cache-ai'

const cache = new AIResponseCache({
  redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  keyPrefix: `verbatim-example:${process.pid}:`,
  operationTtls: {
    summarize: '2h', // summaries are stable
    sentiment: '1d', // sentiment rarely changes
    key_points: '2h',
    questions: '1h', // questions can vary
    qa: '30m', // depends on its context
  },
})
const hours = async (operation: string): Promise<string> => {
  await cache.cacheResponse({ text: 'text', operation, response: 1 })
  const seconds = await cache.getTtl(cache.buildKey('text', operation))
  return ((seconds ?? 0) / 3_600).toFixed(1)
}
console.log(await hours('sentiment')) // 24.0
console.log(await hours('qa')) // 0.5
// Other operations have the TTL `defaultTtl`.
console.log(await hours('translate')) // 1.0
await cache.close()
