import { AIResponseCache } from '@verbatim/cache-ai'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'

// Measures the invalidation of one operation of ten in a Redis with a million responses, and counts its
// commands that take longer than 10 ms.

const keysPerOperation = Number(process.argv[2] ?? 100_000)
const OPERATIONS = ['qa', 'qa_long', 'summarize', 'a', 'b', 'c', 'd', 'e', 'f', 'g']
const SLOW_MICROSECONDS = 10_000
const MOST_SECONDS = 5
/** Writes the same bytes under keys that differ in their text. */
const FILL = `for index = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('SET', KEYS[1] .. index, ARGV[3], 'PX', 3600000)
end`

const server = await startRedis()
const raw = new Redis(server.url)
const cache = new AIResponseCache({ redisUrl: server.url })
await cache.connect()

for (const operation of OPERATIONS) {
  await cache.cacheResponse({ text: 'text', operation, response: { answer: 'A short answer' } })
  const name = `ai_cache:${cache.buildKey('text', operation)}`
  const stored = await raw.getBuffer(name)
  if (stored === null) throw new Error(`${name} must have a value`)
  for (let from = 2; from <= keysPerOperation; from += 10_000) {
    const to = Math.min(keysPerOperation, from + 9_999)
    await raw.eval(FILL, 1, `${name} `, from, to, stored)
  }
}
const before = await raw.dbsize()
await raw.config('SET', 'slowlog-log-slower-than', SLOW_MICROSECONDS)
await raw.call('SLOWLOG', 'RESET')

const started = performance.now()
const removed = await cache.invalidateByOperation('qa')
const seconds = (performance.now() - started) / 1_000

const slow = Number(await raw.call('SLOWLOG', 'LEN'))
const left = await raw.dbsize()
console.log(
  `${removed} of ${before} keys in ${seconds.toFixed(2)} s; ${slow} commands took longer than 10 ms; ${left} keys left`,
)
const isRight = removed === keysPerOperation && left === before - keysPerOperation
if (!isRight || slow > 0 || seconds > MOST_SECONDS) process.exitCode = 1
await cache.close()
raw.disconnect()
await server.stop()
