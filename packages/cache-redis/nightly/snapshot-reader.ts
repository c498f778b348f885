import { setTimeout as sleep } from 'node:timers/promises'
import { GenericRedisCache } from '../src/index.js'

// One process of older-snapshots.ts. It does what its parent asks for and replies with what it saw.

const [, , redisUrl, keysText] = process.argv
const cache = new GenericRedisCache({ redisUrl, keyPrefix: 'snapshot:', l1CacheSize: 1_000 })
const keys = Array.from({ length: Number(keysText) }, (_, index) => `key:${index}`)
const loading = new AbortController()

/** Reads and writes keys of no interest, so that there are epochs. */
async function load(): Promise<void> {
  for (let round = 0; !loading.signal.aborted; round++) {
    const key = `load:${process.pid}:${round % 500}`
    await cache.set(key, round)
    await cache.get(`load:${process.pid}:${(round * 7) % 500}`)
    await cache.get(`key:${round % keys.length}`)
    if (round % 10 === 0) await cache.delete(key)
    await sleep(10)
  }
}

const TASKS: Record<string, (milliseconds: number) => Promise<unknown>> = {
  connect: () => cache.connect(),
  fill: () =>
    cache.setMany(
      keys.map((key) => [key, 'old'] as const),
      '1d',
    ),
  load: async () => void load(),
  change: async () => {
    for (const [index, key] of keys.entries()) {
      if (index % 2 === 0) await cache.delete(key)
      else await cache.set(key, 'new', '1d')
    }
    return cache.getStats().redis.unconfirmedDeletes
  },
  read: async (milliseconds) => {
    const seen = { reads: 0, old: 0, redis: 0, firstContactMs: undefined as number | undefined }
    const startedAt = performance.now()
    let wasAway = false
    while (performance.now() - startedAt < milliseconds) {
      const isConnected = cache.getStats().mode === 'redis'
      wasAway ||= !isConnected
      if (isConnected && wasAway) seen.firstContactMs ??= Math.round(performance.now() - startedAt)
      for (const values of [await cache.getMany(keys), new Map([['', await cache.get('key:0')]])]) {
        seen.reads += values.size
        if (isConnected) seen.redis += values.size
        for (const value of values.values()) if (value === 'old') seen.old++
      }
      await sleep(1)
    }
    return seen
  },
  stop: async () => {
    loading.abort()
    await cache.close()
  },
}

async function serve([task, milliseconds]: [string, number]): Promise<void> {
  process.send?.((await TASKS[task]?.(milliseconds)) ?? null)
  if (task === 'stop') process.disconnect()
}

process.on('message', (message: [string, number]) => void serve(message))
