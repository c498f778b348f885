import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { Redis } from 'ioredis'
import { GenericRedisCache } from '../src/index.js'

// Stores a million entries of 100 bytes with one setMany, beside a hand-written pipeline of ioredis that
// writes JSON in chunks of 1,000. Prints entries a second, the peak memory and the longest time for which
// the event loop was blocked.

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
  },
})
await requireRedis()

const COUNT = Number(values.entries)
const CHUNK = 1_000

const valueOf = (index: number): object => ({
  id: index,
  text: `An answer of about a hundred bytes as JSON, number ${String(index).padStart(9, '0')} of a batch.`,
})
const entries: (readonly [string, object])[] = []
for (let index = 0; index < COUNT; index++) {
  entries.push([`article:${index}`, valueOf(index)])
  if (index % 10_000 === 0) await new Promise(setImmediate)
}

async function bySetMany(url: string): Promise<number> {
  await using cache = new GenericRedisCache({ redisUrl: url, onBackendError: 'throw' })
  await cache.connect()
  const startedAt = performance.now()
  await cache.setMany(entries, '1h')
  return performance.now() - startedAt
}

async function byPipeline(url: string): Promise<number> {
  const redis = new Redis(url)
  const startedAt = performance.now()
  for (let from = 0; from < COUNT; from += CHUNK) {
    const pipeline = redis.pipeline()
    for (const [key, value] of entries.slice(from, from + CHUNK)) {
      pipeline.set(`cache:${key}`, JSON.stringify(value), 'PX', 3_600_000)
    }
    await pipeline.exec()
  }
  const took = performance.now() - startedAt
  redis.disconnect()
  return took
}

async function measured(name: string, store: (url: string) => Promise<number>): Promise<number> {
  await using redis = await startRedis()
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const before = process.memoryUsage().rss
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  await new Promise((resolve) => setTimeout(resolve, 50))
  delays.reset()
  await new Promise((resolve) => setTimeout(resolve, 5))
  const took = await store(redis.url)
  await new Promise((resolve) => setTimeout(resolve, 5))
  delays.disable()
  clearInterval(sampling)
  const raw = new Redis(redis.url)
  const stored = (await raw.dbsize()) - (name === 'setMany' ? 3 : 0)
  raw.disconnect()
  const perSecond = Math.round(COUNT / took)
  console.log(
    `${name}: ${perSecond} k entries/s, ${stored} stored, longest block ${(delays.max / 1e6).toFixed(1)} ms, ` +
      `peak memory ${Math.round(peak / 2 ** 20)} MiB (before: ${Math.round(before / 2 ** 20)} MiB)`,
  )
  return took
}

const ratios: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  const pipeline = await measured('pipeline', byPipeline)
  const setMany = await measured('setMany', bySetMany)
  ratios.push(pipeline / setMany)
}
console.log(
  `setMany at ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} of the pipeline's speed`,
)
