import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GenericRedisCache } from '../src/index.js'

/** A nightly run asks for more. */
const CYCLES = Number(process.env['CYCLES'] ?? 100)
const SETS = Number(process.env['SETS'] ?? 40_000)
const AT_ONCE = 100
const KEYS = 5_000
const LONG = 1_800_000
const HALF_MINUTE_MS = 31_000

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await sleep(20)
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

/** Sockets, timers and all else that keeps a process busy. */
const resources = (): string[] => process.getActiveResourcesInfo().toSorted()

test(
  `${CYCLES} caches that were opened, used and closed leave nothing behind`,
  async () => {
    const cycle = async (): Promise<void> => {
      const cache = new GenericRedisCache({ redisUrl: redis.url })
      await cache.connect()
      await cache.set('key', 'value')
      await cache.getOrSet('other', () => 1)
      await cache.close()
    }
    for (let warmUp = 0; warmUp < 5; warmUp++) await cycle()
    // Sockets take a moment to shut down.
    await sleep(1_000)
    const before = resources()
    const heapBefore = await heapUsed()
    for (let count = 0; count < CYCLES; count++) await cycle()
    await sleep(1_000)
    expect(resources()).toEqual(before)
    const grown = (await heapUsed()) - heapBefore
    // What is compiled and cached once, not what each of them would leave.
    expect(grown).toBeLessThan(3 * 1_024 * 1_024)
  },
  LONG,
)

test(
  `${SETS} sets leave the heap where it was`,
  async () => {
    const cache = new GenericRedisCache({ redisUrl: redis.url, l1CacheSize: 1_000 })
    await cache.connect()
    const startedAt = performance.now()
    const run = async (sets: number): Promise<void> => {
      for (let count = 0; count < sets; count += AT_ONCE) {
        const keys = Array.from({ length: AT_ONCE }, (_, index) => `key:${(count + index) % KEYS}`)
        await Promise.all(
          keys.map((key, index) => cache.set(key, { index, text: 'x'.repeat(100) })),
        )
      }
    }
    await run(SETS / 5)
    // Changes are remembered for this half minute and the last: until there are two, memory grows.
    const warmUpMs = SETS >= 1_000_000 ? 2 * HALF_MINUTE_MS : 0
    while (performance.now() - startedAt < warmUpMs) await run(KEYS)
    const early = await heapUsed()
    await run((SETS * 4) / 5)
    const late = await heapUsed()
    const percent = ((late - early) / early) * 100
    console.log(
      `heap after ${SETS / 5} sets ${early}, after ${SETS} ${late}: ${percent.toFixed(2)} %`,
    )
    expect(percent).toBeLessThan(SETS >= 1_000_000 ? 1 : 10)
    expect(cache.getStats().redis.errors).toEqual({})
    await cache.close()
  },
  LONG,
)
