import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { GenericRedisCache } from '../../src/index.js'
import { Latencies } from './latencies.js'

const LANES = 32
const BEFORE_MS = 500
const AWAY_MS = 3_000
/** Longer than any call may take. */
const PATIENCE_MS = 5_000

export interface Outage {
  readonly begin: (redis: RedisServer) => unknown
  readonly end: (redis: RedisServer) => unknown
}

/** Calls while Redis is away, and what came after. */
export class OutageRun {
  /** The latencies of calls that began before the circuit opened. */
  readonly untilOpen: Latencies = new Latencies()
  readonly whileOpen: Latencies = new Latencies()
  readonly inMemory: Latencies = new Latencies()
  /** Calls that have not been answered. */
  unsettled = 0
  /** From the end of the outage until what is written is found in Redis. */
  recoveryMs = Number.POSITIVE_INFINITY
  #beganAt = Number.POSITIVE_INFINITY
  #openedAt = Number.POSITIVE_INFINITY
  #isOver = false

  async run({ begin, end }: Outage): Promise<void> {
    await using redis = await startRedis()
    await using cache = new GenericRedisCache({ redisUrl: redis.url })
    await cache.connect()
    await cache.set('hot', 'value')
    await sleep(50)
    await cache.get('hot')
    cache.on('disconnected', () => {
      this.#openedAt = Math.min(this.#openedAt, performance.now())
    })
    const lanes = Array.from({ length: LANES }, (_, index) => this.#call(cache, index))
    const all = Promise.all([...lanes, this.#readMemory(cache)])
    await sleep(BEFORE_MS)
    this.#beganAt = performance.now()
    await begin(redis)
    await sleep(AWAY_MS)
    this.#isOver = true
    await Promise.race([all, sleep(PATIENCE_MS)])
    await end(redis)
    this.recoveryMs = await timeUntilServed(cache)
  }

  /** Makes one call after the other, each on a key that is not in memory. */
  async #call(cache: GenericRedisCache, lane: number): Promise<void> {
    const calls = callsOf(cache)
    for (let count = lane; !this.#isOver; count++) {
      const startedAt = performance.now()
      this.unsettled++
      await calls[count % calls.length]?.(`${lane}:${count}`)
      this.unsettled--
      const endedAt = performance.now()
      if (startedAt > this.#openedAt) this.whileOpen.add(endedAt - startedAt)
      else if (endedAt > this.#beganAt) this.untilOpen.add(endedAt - startedAt)
      await sleep(1)
    }
  }

  async #readMemory(cache: GenericRedisCache): Promise<void> {
    while (!this.#isOver) {
      const startedAt = performance.now()
      if ((await cache.get('hot')) !== 'value') throw new Error('a hit in memory was lost')
      if (startedAt > this.#beganAt) this.inMemory.add(performance.now() - startedAt)
      await sleep(1)
    }
  }
}

function callsOf(cache: GenericRedisCache): ((key: string) => Promise<unknown>)[] {
  return [
    (key) => cache.get(key),
    (key) => cache.set(key, 'value'),
    (key) => cache.getOrSet(key, () => 'loaded'),
    (key) => cache.delete(key),
    (key) => cache.getMany([key, `${key}+`]),
  ]
}

/** Returns the time until a read is served, in milliseconds. */
async function timeUntilServed(cache: GenericRedisCache): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < PATIENCE_MS) {
    const { ok } = cache.getStats().redis.changes
    if (cache.getStats().mode === 'redis') await cache.set('after', 1)
    if (cache.getStats().redis.changes.ok > ok) return performance.now() - startedAt
    await sleep(1)
  }
  return Number.POSITIVE_INFINITY
}
