import { median } from '../../harness/confidence.js'
import { openLoop } from '../../harness/load.js'
import { measureOperation } from '../../harness/measure-operation.js'
import { SeededRandom } from '../../seeded-random.js'
import { OutageProxy } from '../outage-proxy.js'
import type { Figure } from '../run-report.js'
import type { Scenario } from '../scenario.js'
import { makeKeys, makeValue } from '../values.js'

const TAGGED = 10_000
const MANY = 1_000_000
const PHASE_MS = 1_500
const OUTAGE_RATE = 50

/** Scenarios about invalidation, outages and memory. */
export const LIFECYCLE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'tag invalidation': {
    title: 'invalidation of a tag of 10,000 keys',
    needs: ['setTagged', 'invalidateTag', 'get'],
    run: async ({ create }) => {
      const subject = await create({ maxSize: 2 * TAGGED })
      const keys = makeKeys(TAGGED)
      for (const key of keys) await subject.setTagged?.(key, key, 'tag')
      const figure = await duration('invalidation', () => subject.invalidateTag?.('tag'))
      await assertGone(keys, subject.get)
      return [figure]
    },
  },
  'pattern invalidation': {
    title: 'invalidation of 10,000 keys among 20,000 by a pattern',
    needs: ['invalidatePattern', 'set', 'get'],
    run: async ({ create }) => {
      const subject = await create({ maxSize: 4 * TAGGED })
      const keys = makeKeys(TAGGED, 'user')
      for (const key of [...keys, ...makeKeys(TAGGED, 'other')]) await subject.set?.(key, key)
      const figure = await duration('invalidation', () => subject.invalidatePattern?.('user:*'))
      await assertGone(keys, subject.get)
      return [figure]
    },
  },
  memory: {
    title: 'memory after 1,000,000 sets of one value, then calls in random order',
    needs: ['get', 'set'],
    tier: 'memory',
    isOnce: true,
    run: async ({ create, seed, budgetMs }) => {
      const value = makeValue(1)
      const keys = makeKeys(MANY).map((key) => Buffer.from(key).toString('latin1'))
      const before = memoryInUse()
      const subject = await create({ maxSize: MANY })
      for (const key of keys) await subject.set?.(key, value)
      const bytes = (memoryInUse() - before) / MANY
      // A cache with a limit in bytes would look small, and its reads would be misses.
      if ((await subject.get?.(keys[0] ?? '')) == null) {
        throw new Error('did not keep 1,000,000 entries')
      }
      new SeededRandom(seed).shuffle(keys)
      let call = 0
      const keyAt = (index: number): string => keys[index % MANY] ?? ''
      const timed = async (name: string, operation: () => unknown): Promise<Figure> => {
        const { samplesNs } = await measureOperation(operation, { budgetMs, warmupMs: budgetMs })
        return { name, unit: 'ns', better: 'lower', value: median(samplesNs) }
      }
      return [
        { name: 'bytes per entry', unit: 'bytes', better: 'lower', value: bytes },
        await timed('get of a random key', () => subject.get?.(keyAt(call++))),
        await timed('set of a random key', () => subject.set?.(keyAt(call++), value)),
        await timed('set that evicts', () => subject.set?.(`new:${call++}`, value)),
      ]
    },
  },
  outage: {
    title: 'getOrSet while Redis is up, refuses, is frozen, and is back',
    needs: ['getOrSet'],
    tier: 'redis',
    run: async ({ create, redisUrl }) => {
      await using proxy = await OutageProxy.start(redisUrl ?? '')
      const subject = await create({
        redisUrl: proxy.url,
        ttlMs: 500,
        load: async (key) => makeValue(key.length),
      })
      const keys = makeKeys(200)
      for (const key of keys) await subject.getOrSet?.(key)
      const figures: Figure[] = []
      for (const phase of ['up', 'refused', 'frozen', 'back'] as const) {
        proxy.set(phase === 'back' ? 'up' : phase)
        const load = await openLoop(
          async (call) => within(subject.getOrSet?.(keys[call % keys.length] ?? ''), 2 * PHASE_MS),
          { ratePerSecond: OUTAGE_RATE, durationMs: PHASE_MS },
        )
        const { p50, max } = load.latencies.percentiles()
        const histogram = load.latencies.encode()
        figures.push(
          {
            name: `${phase}: p50`,
            unit: 'ms',
            better: 'lower',
            value: p50,
            histogram,
            seconds: load.seconds,
          },
          { name: `${phase}: longest`, unit: 'ms', better: 'lower', value: max },
          { name: `${phase}: failed`, unit: 'count', better: 'lower', value: load.failed },
        )
      }
      return figures
    },
  },
}

async function duration(name: string, action: () => unknown): Promise<Figure> {
  const startedAt = performance.now()
  await action()
  return { name, unit: 'ms', better: 'lower', value: performance.now() - startedAt }
}

async function assertGone(
  keys: readonly string[],
  get: ((key: string) => Promise<unknown>) | undefined,
): Promise<void> {
  for (const key of keys.slice(0, 100)) {
    if ((await get?.(key)) != null) throw new Error('returned a value after its invalidation')
  }
}

/** @throws Error if the promise is pending after the limit */
async function within(promise: Promise<unknown> | undefined, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no result')), milliseconds)
  })
  await Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}

function memoryInUse(): number {
  for (let round = 0; round < 3; round++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
