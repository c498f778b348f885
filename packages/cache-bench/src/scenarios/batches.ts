import { evenly } from '../harness/confidence.js'
import { measureOperation } from '../harness/measure-operation.js'
import type { BasicOperationsItem } from '../test-data.js'
import { measureBasicOperations, valueOf } from './basic-operations.js'
import type { Measurement, Measuring } from './measurement.js'

const MAX_WARMUP_MS = 1_000
/** Number of stored samples of an operation. */
const MAX_SAMPLES = 1_000

/**
 * Sets, reads and checks each item once. Then measures each operation, and all three together, in batches: a sample
 * is the mean duration of a batch. A last read of each key shows how many of the measured reads were hits.
 *
 * @param budgetMs - time of each of the four measurements
 * @throws the errors of {@link measureBasicOperations}
 * @throws the error of a call in a batch
 */
export async function measureInBatches(
  measuring: Measuring,
  items: readonly BasicOperationsItem[],
  budgetMs: number,
): Promise<Measurement> {
  const checked = await measureBasicOperations(measuring, items)
  const { cache, signal } = measuring
  const entries = items.map((item) => {
    return { key: item.key, value: valueOf(item), ttl: item.cacheTtl }
  })
  type Entry = (typeof entries)[number]
  const set = ({ key, value, ttl }: Entry): Promise<unknown> => cache.set(key, value, ttl)
  const get = ({ key }: Entry): Promise<unknown> => cache.get(key)
  const exists = ({ key }: Entry): Promise<unknown> => cache.exists(key)
  const durations = async (operation: (entry: Entry) => Promise<unknown>): Promise<number[]> => {
    if (signal.aborted) throw signal.reason
    let call = 0
    const next = (): unknown => operation(entries[call++ % entries.length] as Entry)
    const warmupMs = Math.min(MAX_WARMUP_MS, 4 * budgetMs)
    const { samplesNs } = await measureOperation(next, { budgetMs, warmupMs })
    return evenly(samplesNs, MAX_SAMPLES).map((nanoseconds) => nanoseconds / 1e6)
  }
  const operations = {
    set: await durations(set),
    get: await durations(get),
    exists: await durations(exists),
  }
  const samples = await durations(async (entry) => {
    await set(entry)
    await get(entry)
    await exists(entry)
  })
  let hits = 0
  for (const { key } of entries) if ((await cache.get(key)) !== undefined) hits++
  const reads = entries.length
  const counts = { ...checked.counts, cacheHits: hits, cacheMisses: reads - hits }
  const successes = checked.samples.length
  return { ...checked, samples, operations, successes, hits, reads, counts }
}
