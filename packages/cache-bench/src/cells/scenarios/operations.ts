import { evenly, median } from '../../harness/confidence.js'
import { closedLoop } from '../../harness/load.js'
import { measureOperation } from '../../harness/measure-operation.js'
import { STORY } from '../../story.js'
import { trafficPerCall } from '../redis-traffic.js'
import type { Figure } from '../run-report.js'
import type { CellContext, Scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { makeKeys, makeValue, zipfIndexes } from '../values.js'

const KEYS = 1_000
const BATCH = 100
/** Number of stored samples of one process. */
const MAX_RAW_SAMPLES = 100
const ZIPF_MEMORY = 1_000

/** Scenarios of single calls, one after another. */
export const OPERATION_SCENARIOS: Readonly<Record<string, Scenario>> = {
  get: {
    title: 'get, a hit',
    needs: ['get', 'set'],
    run: async (context) => {
      const { subject, keys } = await filled(context)
      return timed(context, 'get', (call) => subject.get?.(keyAt(keys, call)))
    },
  },
  set: {
    title: 'set of an existing key',
    needs: ['set'],
    run: async (context) => {
      const { subject, keys, values } = await filled(context)
      return timed(context, 'set', (call) => {
        return subject.set?.(keyAt(keys, call), values[call % KEYS])
      })
    },
  },
  getOrSet: {
    title: 'getOrSet, a hit',
    needs: ['getOrSet'],
    run: async (context) => {
      const keys = makeKeys(KEYS)
      const subject = await context.create({ load: async (key) => makeValue(key.length) })
      // The second time, because the first read of a stored value may fill a memory tier.
      for (const key of [...keys, ...keys]) await subject.getOrSet?.(key)
      return timed(context, 'getOrSet', (call) => subject.getOrSet?.(keyAt(keys, call)))
    },
  },
  latency: {
    title: 'get, a hit: each call timed by itself',
    needs: ['get', 'set'],
    run: async (context) => {
      const { subject, keys } = await filled(context)
      const get = async (call: number): Promise<unknown> => subject.get?.(keyAt(keys, call))
      await closedLoop(get, { durationMs: Math.min(context.budgetMs, 300) })
      const { latencies, seconds } = await closedLoop(get, { durationMs: context.budgetMs })
      const { p50, p99, p999 } = latencies.percentiles()
      const histogram = latencies.encode()
      return [
        { name: 'p50', unit: 'ms', better: 'lower', value: p50, histogram, seconds },
        { name: 'p99', unit: 'ms', better: 'lower', value: p99 },
        { name: 'p99.9', unit: 'ms', better: 'none', value: p999 },
      ]
    },
  },
  'hot key': {
    title: 'get of a single key',
    needs: ['get', 'set'],
    run: async (context) => {
      const { subject } = await filled(context)
      return timed(context, 'get of one key', () => subject.get?.('article:7'))
    },
  },
  'mix 90/10': mix(10),
  'mix 50/50': mix(50),
  batches: {
    title: 'getMany and setMany of 100 keys',
    needs: ['getMany', 'setMany', 'set'],
    run: async (context) => {
      const { subject, keys, values } = await filled(context)
      const groups = Array.from({ length: KEYS / BATCH }, (_, group) => {
        return keys.slice(group * BATCH, (group + 1) * BATCH)
      })
      const entries = groups.map((group, number) =>
        group.map((key, index) => [key, values[number * BATCH + index]] as const),
      )
      return [
        ...(await timed(context, 'getMany', (call) => {
          return subject.getMany?.(groups[call % groups.length] ?? [])
        })),
        ...(await timed(context, 'setMany', (call) => {
          return subject.setMany?.(entries[call % entries.length] ?? [])
        })),
      ]
    },
  },
  zipf: {
    title: 'getOrSet, Zipf 0.99 over ten times the memory tier',
    needs: ['getOrSet'],
    run: async (context) => {
      let loads = 0
      const subject = await context.create({
        maxSize: ZIPF_MEMORY,
        load: async (key) => {
          loads++
          return makeValue(key.length)
        },
      })
      const keys = makeKeys(10 * ZIPF_MEMORY)
      const indexes = zipfIndexes(keys.length, 65_536, context.seed)
      let calls = 0
      const figures = await timed(context, 'getOrSet', (call) => {
        calls++
        return subject.getOrSet?.(keys[indexes[call & 65_535] ?? 0] ?? '')
      })
      const value = ((calls - loads) / calls) * 100
      return [...figures, { name: 'hit rate', unit: '%', better: 'higher', value }]
    },
  },
  compression: {
    title: 'a story of 3 kB: time, and size in Redis',
    needs: ['get', 'set'],
    tier: 'redis',
    run: async (context) => {
      const subject = await context.create()
      const text = { text: STORY }
      await subject.set?.('story', text)
      const figures = [
        ...(await timed(context, 'set of a text', () => subject.set?.('story', text))),
        ...(await timed(context, 'get of a text', () => subject.get?.('story'))),
      ]
      const uncompressed = Buffer.byteLength(JSON.stringify(text))
      return [
        ...figures,
        { name: 'bytes as JSON', unit: 'bytes', better: 'none', value: uncompressed },
      ]
    },
  },
  'AI keys': {
    title: 'key of an AI request, and the look-up of its response',
    needs: ['buildKey', 'getResponse', 'storeResponse'],
    run: async (context) => {
      const subject = await context.create()
      const texts = Array.from(
        { length: 64 },
        (_, index) => `${index} ${STORY.slice(index, 100 + index)}`,
      )
      for (const text of texts) await subject.storeResponse?.(text)
      const textAt = (call: number): string => texts[call & 63] ?? ''
      return [
        ...(await timed(context, 'buildKey', (call) => subject.buildKey?.(textAt(call)))),
        ...(await timed(context, 'getCachedResponse', (call) =>
          subject.getResponse?.(textAt(call)),
        )),
      ]
    },
  },
}

/** Returns a cache that contains every key, and has read each once, because the first read may fill a memory tier. */
async function filled(context: CellContext): Promise<{
  readonly subject: Subject
  readonly keys: readonly string[]
  readonly values: readonly unknown[]
}> {
  const keys = makeKeys(KEYS)
  const values = keys.map((_, index) => makeValue(index))
  // Twice the size, because caches that spread their keys over shards would evict.
  const subject = await context.create({ maxSize: 2 * KEYS })
  for (const [index, key] of keys.entries()) await subject.set?.(key, values[index])
  for (const key of keys) await subject.get?.(key)
  return { subject, keys, values }
}

function mix(writePercent: number): Scenario {
  return {
    title: `get and set, ${writePercent} % writes`,
    needs: ['get', 'set'],
    run: async (context) => {
      const { subject, keys, values } = await filled(context)
      return timed(context, 'call', (call) => {
        const index = (call * 7) % KEYS
        const isWrite = call % 100 < writePercent
        return isWrite
          ? subject.set?.(keyAt(keys, index), values[index])
          : subject.get?.(keyAt(keys, index))
      })
    },
  }
}

/** Measures a call. With Redis, the figures contain the commands and bytes of one call. */
async function timed(
  { budgetMs, redis }: CellContext,
  name: string,
  call: (call: number) => unknown,
): Promise<Figure[]> {
  let calls = 0
  const next = (): unknown => call(calls++)
  // Before the loop below, which blocks the event loop: a memory tier may then have to read Redis again.
  const traffic = redis === undefined ? [] : await trafficPerCall(redis, next)
  const { samplesNs, isStable } = await measureOperation(next, { budgetMs })
  const value = median(samplesNs)
  const samples = evenly(samplesNs, MAX_RAW_SAMPLES).map((each) => Number(each.toPrecision(4)))
  return [
    { name, unit: 'ns', better: 'lower', value, samples, isStable },
    ...traffic.map((each) => Object.assign({}, each, { name: `${name}: ${each.name}` })),
  ]
}

function keyAt(keys: readonly string[], call: number): string {
  return keys[call % keys.length] ?? ''
}
