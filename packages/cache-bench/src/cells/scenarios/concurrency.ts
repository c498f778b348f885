import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../harness/confidence.js'
import { openLoop } from '../../harness/load.js'
import { SeededRandom } from '../../seeded-random.js'
import type { Figure } from '../run-report.js'
import type { CellContext, Scenario } from '../scenario.js'
import { makeKeys, makeValue } from '../values.js'

const CALLERS = 1_000
const LOADER_MS = 20
const TRIALS = 5
const RATE = 500
const STORM_KEYS = 1_000
const STORM_TTL_MS = 1_000
const JITTER_SHARE = 0.3

/** Scenarios with many calls at the same time. */
export const CONCURRENCY_SCENARIOS: Readonly<Record<string, Scenario>> = {
  stampede: {
    title: '1,000 calls of one key that is not cached; its loader takes 20 ms',
    needs: ['getOrSet'],
    run: stampede,
  },
  'stampede, 4 processes': {
    title: '1,000 calls in each of four processes of one key that is not cached',
    needs: ['getOrSet'],
    tier: 'redis',
    together: 4,
    run: stampede,
  },
  'open loop': {
    title: `get at ${RATE} calls per second, latency from the intended start`,
    needs: ['get', 'set'],
    run: async (context) => {
      const keys = makeKeys(STORM_KEYS)
      const subject = await context.create({ maxSize: 2 * STORM_KEYS })
      for (const [index, key] of keys.entries()) await subject.set?.(key, makeValue(index))
      const load = await openLoop(async (call) => subject.get?.(keys[call % keys.length] ?? ''), {
        ratePerSecond: RATE,
        durationMs: Math.max(1_000, context.budgetMs * 5),
      })
      const histogram = load.latencies.encode()
      const { p50, p99, p999 } = load.latencies.percentiles()
      return [
        { name: 'p50', unit: 'ms', better: 'lower', value: p50, histogram, seconds: load.seconds },
        { name: 'p99', unit: 'ms', better: 'lower', value: p99 },
        { name: 'p99.9', unit: 'ms', better: 'lower', value: p999 },
        { name: 'failed', unit: 'count', better: 'lower', value: load.failed },
      ]
    },
  },
  'expiry storm': {
    title: '1,000 keys that expire at the same time',
    needs: ['getOrSet'],
    run: (context) => expiryStorm(context, 0),
  },
  'expiry storm, jitter': {
    title: '1,000 keys whose TTLs differ by up to 30 %',
    needs: ['getOrSet'],
    run: (context) => expiryStorm(context, JITTER_SHARE),
  },
}

async function stampede({ create, barrier }: CellContext): Promise<Figure[]> {
  let loads = 0
  const subject = await create({
    load: async (key) => {
      loads++
      await sleep(LOADER_MS)
      return key
    },
  })
  const milliseconds: number[] = []
  for (let trial = 0; trial < TRIALS; trial++) {
    const key = `cold:${trial}`
    await barrier()
    const startedAt = performance.now()
    const values = await Promise.all(
      Array.from({ length: CALLERS }, async () => subject.getOrSet?.(key)),
    )
    milliseconds.push(performance.now() - startedAt)
    if (values.some((value) => value !== key)) throw new Error('getOrSet returned another value')
  }
  return [
    {
      name: 'all calls',
      unit: 'ms',
      better: 'lower',
      value: median(milliseconds),
      samples: milliseconds,
    },
    { name: 'loads per key', unit: 'count', better: 'lower', value: loads / TRIALS },
  ]
}

/** Fills a cache at once, and reads all keys at a fixed rate until each has expired once. */
async function expiryStorm({ create, seed }: CellContext, jitter: number): Promise<Figure[]> {
  const random = new SeededRandom(seed)
  const loadsPerSlot: number[] = []
  let startedAt = performance.now()
  let isFilled = false
  const load = async (key: string): Promise<unknown> => {
    const slot = Math.floor((performance.now() - startedAt) / 100)
    if (isFilled) loadsPerSlot[slot] = (loadsPerSlot[slot] ?? 0) + 1
    await sleep(LOADER_MS)
    return key
  }
  // Ten caches with different TTLs stand for one cache with jitter, because few libraries have an option for it.
  const groups = jitter === 0 ? 1 : 10
  const subjects = await Promise.all(
    Array.from({ length: groups }, () => {
      const share = jitter === 0 ? 0 : random.integer(0, 1_000) / 1_000
      return create({ load, maxSize: 2 * STORM_KEYS, ttlMs: STORM_TTL_MS * (1 - jitter * share) })
    }),
  )
  const keys = makeKeys(STORM_KEYS)
  await Promise.all(keys.map(async (key, index) => subjects[index % groups]?.getOrSet?.(key)))
  isFilled = true
  startedAt = performance.now()
  const { latencies } = await openLoop(
    async (call) => {
      const index = call % STORM_KEYS
      return subjects[index % groups]?.getOrSet?.(keys[index] ?? '')
    },
    { ratePerSecond: 2_000, durationMs: 2 * STORM_TTL_MS },
  )
  const most = Math.max(0, ...Array.from(loadsPerSlot, (loads) => loads ?? 0))
  return [
    { name: 'most loads in 100 ms', unit: 'count', better: 'lower', value: most },
    { name: 'p99', unit: 'ms', better: 'lower', value: latencies.percentile(0.99) },
  ]
}
