import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { measureOperation, median, medianInterval } from '../../src/index.js'

const SHORT = { budgetMs: 30, warmupMs: 200 }

describe('measureOperation', () => {
  test('times nanosecond operations in batches', async () => {
    const cache = new Map([['key', 1]])
    const { samplesNs, batchSize } = await measureOperation(() => cache.get('key'), SHORT)
    expect(batchSize).toBeGreaterThan(100)
    expect(samplesNs.length).toBeGreaterThan(5)
    expect(median(samplesNs)).toBeLessThan(5_000)
  })

  test('awaits promises and calls a slow operation one by one', async () => {
    let running = 0
    let most = 0
    const slow = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => {
        setTimeout(resolve, 2)
      })
      running--
    }
    const { samplesNs, batchSize } = await measureOperation(slow, SHORT)
    expect([batchSize, most]).toEqual([1, 1])
    expect(median(samplesNs)).toBeGreaterThan(1_000_000)
  })

  test('does not remove a call without a visible effect', async () => {
    const text = 'a text of some length '.repeat(100)
    const empty = await measureOperation(() => undefined, SHORT)
    const pure = await measureOperation(() => text.split(' '), SHORT)
    expect(median(pure.samplesNs)).toBeGreaterThan(20 * median(empty.samplesNs))
  })

  test('calls the operation with real hits', async () => {
    const cache = new InMemoryCache()
    await cache.set('key', 'value')
    await measureOperation(() => cache.get('key'), SHORT)
    const { hits, misses } = cache.getStats()
    expect(hits).toBeGreaterThan(1_000)
    expect(misses).toBe(0)
  })

  test('rejects with the error of the operation', async () => {
    const broken = measureOperation(async () => {
      throw new Error('broken')
    }, SHORT)
    await expect(broken).rejects.toThrow('broken')
  })
})

describe('medianInterval', () => {
  test('contains the median, and is the same for the same seed', () => {
    const samples = Array.from({ length: 101 }, (_, index) => index)
    const interval = medianInterval(samples)
    expect(interval.median).toBe(50)
    expect(interval.low).toBeGreaterThan(30)
    expect(interval.low).toBeLessThan(50)
    expect(interval.high).toBeGreaterThan(50)
    expect(interval.high).toBeLessThan(70)
    expect(medianInterval(samples)).toEqual(interval)
    expect(medianInterval(samples, 2)).not.toEqual(interval)
  })

  test('contains the true median of 95 % of normal samples', () => {
    let contained = 0
    for (let seed = 1; seed <= 100; seed++) {
      const samples = Array.from({ length: 30 }, (_, index) => noise(seed * 1_000 + index))
      const { low, high } = medianInterval(samples, seed)
      if (low <= 0 && high >= 0) contained++
    }
    expect(contained).toBeGreaterThan(85)
  })

  test('of a single sample is the sample', () => {
    expect(medianInterval([7])).toEqual({ median: 7, low: 7, high: 7 })
  })
})

/** Returns a number that is distributed around 0, always the same for the same index. */
function noise(index: number): number {
  let sum = 0
  for (let step = 1; step <= 12; step++) {
    const sine = Math.sin(index * 12.9898 + step * 78.233) * 43_758.5453
    sum += sine - Math.floor(sine)
  }
  return sum - 6
}
