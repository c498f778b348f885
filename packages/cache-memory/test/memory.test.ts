import { ManualClock } from '@verbatim/cache-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Expiring, ExpiryQueue } from '../src/expiry-queue.js'
import { InMemoryCache } from '../src/index.js'
import { heapGrowth, MEGABYTE, stillHeld } from './garbage.js'

const CYCLES = 200_000

describe('memory stays bounded', () => {
  let longestQueue = 0
  // A spy of vitest would remember every call, so this is not one.
  // oxlint-disable-next-line typescript/unbound-method -- called with its queue below
  const { schedule } = ExpiryQueue.prototype
  beforeEach(() => {
    longestQueue = 0
    ExpiryQueue.prototype.schedule = function (this: ExpiryQueue<Expiring>, entry: Expiring) {
      schedule.call(this, entry)
      longestQueue = Math.max(longestQueue, this.length)
    }
  })
  afterEach(() => {
    ExpiryQueue.prototype.schedule = schedule
  })

  test('over 200,000 writes and deletes', async () => {
    const cache = new InMemoryCache({ maxSize: 100, clock: new ManualClock() })
    const grown = await heapGrowth(async () => {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        await cache.set(`key:${cycle % 500}`, [cycle])
        await cache.delete(`key:${cycle % 500}`)
      }
    })
    expect(cache.size()).toBe(0)
    expect(longestQueue).toBeLessThanOrEqual(100)
    expect(grown).toBeLessThan(10 * MEGABYTE)
  })

  test('over 200,000 overwrites with growing and shrinking TTLs', async () => {
    const clock = new ManualClock()
    const cache = new InMemoryCache({ maxSize: 100, clock })
    const grown = await heapGrowth(async () => {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        // Each TTL ends before all earlier ones, which is the worst case for the queue.
        const ttl = cycle % 2 === 0 ? '1h' : (`${3_000_000 - 10 * cycle}ms` as const)
        await cache.set(`key:${cycle % 50}`, [cycle], ttl)
        if (cycle % 100 === 0) clock.advance(1)
      }
    })
    expect(cache.size()).toBe(50)
    expect(longestQueue).toBeLessThanOrEqual(2 * 50 + 64 + 1)
    expect(grown).toBeLessThan(10 * MEGABYTE)
  })

  test('over 200,000 evictions', async () => {
    const cache = new InMemoryCache({ maxSize: 100, clock: new ManualClock() })
    const grown = await heapGrowth(async () => {
      for (let cycle = 0; cycle < CYCLES; cycle++) await cache.set(`key:${cycle}`, [cycle])
    })
    expect(cache.size()).toBe(100)
    expect(longestQueue).toBeLessThanOrEqual(2 * 100 + 64 + 1)
    expect(grown).toBeLessThan(10 * MEGABYTE)
  })
})

test('a value becomes garbage when its entry is removed, long before its TTL has passed', async () => {
  const clock = new ManualClock()
  const cache = new InMemoryCache({ maxSize: 4, clock })
  const values = new Map<string, WeakRef<object>>()
  for (const key of ['deleted', 'overwritten', 'expired', 'evicted', 'kept']) {
    const value = { key }
    values.set(key, new WeakRef(value))
    await cache.set(key, value, key === 'expired' ? '10ms' : '1h')
    if (key === 'deleted') await cache.delete(key)
    if (key === 'overwritten') await cache.set(key, 'another')
  }
  clock.advance(11)
  expect(await cache.get('expired')).toBeUndefined()
  await cache.get('kept')
  await cache.get('overwritten')
  for (const key of 'ab') await cache.set(key, key)
  expect(cache.getKeys()).toEqual(['b', 'a', 'overwritten', 'kept'])
  expect(await stillHeld(values)).toEqual(['kept'])
})
