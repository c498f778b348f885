import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'
import { heapGrowth, MEGABYTE, stillHeld } from './garbage.js'
import { iterationSteps, setsBegun } from './iteration-count.js'

const MANY = 200_000

async function cacheWithTagged(count: number): Promise<InMemoryCache> {
  const { cache } = cacheWithClock({ maxSize: MANY })
  for (let index = 0; index < count; index++) {
    await cache.set(`key:${index}`, index, { tags: ['all', `one of 10: ${index % 10}`] })
  }
  return cache
}

describe('the cost of tags', () => {
  test('an invalidation visits as many entries with 200,000 entries as with 10', async () => {
    const [few, many] = [await cacheWithTagged(10), await cacheWithTagged(MANY)]
    const invalidate = (cache: InMemoryCache) => () => cache.invalidateTags(['all', 'unknown'])
    const stepsForFew = await iterationSteps(invalidate(few))
    expect(stepsForFew).toBeGreaterThan(0)
    expect(await iterationSteps(invalidate(many))).toBe(stepsForFew)

    // The next read and write do not visit more either.
    const use = (cache: InMemoryCache) => () =>
      Promise.all([cache.get('key:5'), cache.set('new', 1)])
    const useOfFew = await iterationSteps(use(few))
    expect(await iterationSteps(use(many))).toBe(useOfFew)
    // A new iterator for each entry would take quadratic time, because it passes all deleted places.
    expect(setsBegun(() => many.size())).toBeLessThan(10)
    expect([few.size(), many.size()]).toEqual([1, 1])
  })

  test('reads and writes without tags iterate over nothing', async () => {
    const { cache } = cacheWithClock()
    await cache.set('key', 1)
    expect(await iterationSteps(() => cache.get('key'))).toBe(0)
    expect(await iterationSteps(() => cache.set('key', 2))).toBe(0)
  })
})

describe('a tag is not retained after its entries', () => {
  const CYCLES: Readonly<Record<string, (cache: InMemoryCache, cycle: number) => unknown>> = {
    'over 200,000 deletes': (cache) => cache.delete('key'),
    'over 200,000 overwrites': () => {},
    'over 200,000 evictions': (cache, cycle) => cache.set(`key ${cycle}`, 1),
    'over 200,000 invalidations': (cache, cycle) => cache.invalidateTags([`tag ${cycle}`]),
    'over 200,000 clears': (cache) => cache.clear(),
  }

  test.each(Object.entries(CYCLES))('%s', async (_name, leave) => {
    const { cache } = cacheWithClock({ maxSize: 1 })
    const grown = await heapGrowth(async () => {
      for (let cycle = 0; cycle < MANY; cycle++) {
        await cache.set('key', 1, { tags: [`tag ${cycle}`] })
        await leave(cache, cycle)
      }
    })
    expect(grown).toBeLessThan(5 * MEGABYTE)
    expect(cache.size()).toBeLessThanOrEqual(1)
  })
})

test('later writes release an invalidated value', async () => {
  const { cache } = cacheWithClock()
  const values = new Map<string, WeakRef<object>>()
  for (const key of ['first', 'second', 'kept']) {
    const value = { key }
    values.set(key, new WeakRef(value))
    await cache.set(key, value, { tags: [key === 'kept' ? 'kept' : 'tag'] })
  }
  await cache.invalidateTags(['tag'])
  await cache.set('another', 1)
  expect(await stillHeld(values)).toEqual(['kept'])
})
