// How long calls take while Redis is away, and how soon it is used again. Prints a table; the exit
// code is 1 if a limit is passed.
import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { GenericRedisCache } from '../../../src/index.js'
import { Latencies } from './latencies.js'

const LANES = 32
const AWAY_MS = 3_000
const BEFORE_MS = 500
/** Longer than any call may take. */
const PATIENCE_MS = 5_000

const LIMITS = { untilOpen: 250, whileOpen: 2, inMemory: 2, recovery: 1_000 }

const OUTAGES: Readonly<
  Record<string, { begin: (redis: RedisServer) => unknown; end: (redis: RedisServer) => unknown }>
> = {
  frozen: { begin: (redis) => redis.pause(), end: (redis) => redis.resume() },
  'killed, then refusing': {
    begin: (redis) => redis.stop('SIGKILL'),
    end: (redis) => redis.restart(),
  },
}

interface Measured {
  readonly untilOpen: Latencies
  readonly whileOpen: Latencies
  readonly inMemory: Latencies
  readonly unsettled: number
  readonly recoveryMs: number
}

async function measure(name: string): Promise<Measured> {
  const outage = OUTAGES[name]
  if (outage === undefined) throw new Error(`no outage is called ${name}`)
  await using redis = await startRedis()
  const cache = new GenericRedisCache({ redisUrl: redis.url })
  await cache.connect()
  await cache.set('hot', 'value')
  await sleep(50)
  await cache.get('hot')
  const [untilOpen, whileOpen, inMemory] = [new Latencies(), new Latencies(), new Latencies()]
  const phase = { began: Number.POSITIVE_INFINITY, opened: Number.POSITIVE_INFINITY, over: false }
  cache.on('disconnected', () => {
    phase.opened = Math.min(phase.opened, performance.now())
  })
  let unsettled = 0
  const calls = callsOf(cache)
  const lane = async (first: number): Promise<void> => {
    for (let count = first; !phase.over; count++) {
      const startedAt = performance.now()
      const call = calls[count % calls.length]
      unsettled++
      await call?.(`${first}:${count}`)
      unsettled--
      const milliseconds = performance.now() - startedAt
      if (startedAt > phase.opened) whileOpen.add(milliseconds)
      else if (startedAt > phase.began || performance.now() > phase.began)
        untilOpen.add(milliseconds)
      await sleep(1)
    }
  }
  const reader = async (): Promise<void> => {
    while (!phase.over) {
      const startedAt = performance.now()
      if ((await cache.get('hot')) !== 'value') throw new Error('a hit in memory was lost')
      if (startedAt > phase.began) inMemory.add(performance.now() - startedAt)
      await sleep(1)
    }
  }
  const lanes = Promise.all([...Array.from({ length: LANES }, (_, index) => lane(index)), reader()])
  await sleep(BEFORE_MS)
  phase.began = performance.now()
  await outage.begin(redis)
  await sleep(AWAY_MS)
  phase.over = true
  await Promise.race([lanes, sleep(PATIENCE_MS)])
  await outage.end(redis)
  const recoveryMs = await timeUntilServed(cache)
  await cache.close()
  return { untilOpen, whileOpen, inMemory, unsettled, recoveryMs }
}

/** With stock settings, each on a key of its own that is not in memory. */
function callsOf(cache: GenericRedisCache): ((key: string) => Promise<unknown>)[] {
  return [
    (key) => cache.get(key),
    (key) => cache.set(key, 'value'),
    (key) => cache.getOrSet(key, () => 'loaded'),
    (key) => cache.delete(key),
    (key) => cache.getMany([key, `${key}+`]),
  ]
}

/** From now until what is written is found in Redis again. */
async function timeUntilServed(cache: GenericRedisCache): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < PATIENCE_MS) {
    if (cache.getStats().mode === 'redis') {
      const { ok } = cache.getStats().redis.changes
      await cache.set('after', 1)
      if (cache.getStats().redis.changes.ok > ok) break
    }
    await sleep(1)
  }
  return performance.now() - startedAt
}

await requireRedis()
const rows: string[] = []
let isWithinLimits = true
for (const name of Object.keys(OUTAGES)) {
  const { untilOpen, whileOpen, inMemory, unsettled, recoveryMs } = await measure(name)
  rows.push(
    `| ${name} | ${untilOpen.summary()} | ${whileOpen.summary()} | ${inMemory.summary()} | ${unsettled} | ${recoveryMs.toFixed(0)} ms |`,
  )
  isWithinLimits &&=
    untilOpen.percentile(99) <= LIMITS.untilOpen &&
    whileOpen.percentile(99) <= LIMITS.whileOpen &&
    inMemory.percentile(99) <= LIMITS.inMemory &&
    recoveryMs <= LIMITS.recovery &&
    unsettled === 0
}
console.log(`Calls: how many, p50, p99 and the longest, in milliseconds.

| Redis is | until the circuit opens | while it is open | hits in memory | never settled | in use again after |
| -- | -- | -- | -- | -- | -- |
${rows.join('\n')}`)
process.exitCode = isWithinLimits ? 0 : 1
