import { ManualClock } from '@verbatim/cache-core'
import type { StorePlan } from '@verbatim/cache-core/implement'
import { describe, expect, test } from 'vitest'
import { EntryStore, entryStats, estimateEntryBytes, memoryUseOf } from '../src/implement.js'

const PLAN: StorePlan = { ttlMs: 1_000, graceMs: 0, loadMs: 0, tags: [] }
const LIMITS = { maxSize: 3, maxBytes: 100, maxEntryBytes: 50 }

function storeWithClock(): { store: EntryStore<string>; clock: ManualClock } {
  const clock = new ManualClock()
  return { store: new EntryStore<string>(LIMITS, clock), clock }
}

describe('EntryStore', () => {
  test('use returns the entry of a key until its TTL has passed', () => {
    const { store, clock } = storeWithClock()
    store.put('key', 'value', 10, PLAN)
    clock.advance(1_000)
    expect(store.use('key')?.storedValue).toBe('value')
    clock.advance(1)
    expect(store.use('key')).toBeUndefined()
  })

  test('use makes a key the most recently used, and peek and lookup do not', () => {
    const { store } = storeWithClock()
    for (const key of 'abc') store.put(key, key, 1, PLAN)
    store.use('a')
    store.peek('b')
    store.lookup('b')
    expect(Array.from(store.all(), ({ key }) => key)).toEqual(['a', 'c', 'b'])
  })

  test('lookup returns a fresh and a stale value with the remaining TTL and the load time', () => {
    const { store, clock } = storeWithClock()
    store.put('key', 'value', 10, { ...PLAN, graceMs: 500, loadMs: 100 })
    expect(store.lookup('key')).toEqual({ value: 'value', freshMs: 1_000, loadMs: 100 })
    clock.advance(1_500)
    expect(store.lookup('key')).toEqual({ value: 'value', freshMs: -500, loadMs: 100 })
    clock.advance(1)
    expect(store.lookup('key')).toBeUndefined()
  })

  test('getTtl returns seconds, null for no expiry and undefined for a stale or absent entry', () => {
    const { store, clock } = storeWithClock()
    store.put('stale', 'value', 10, { ...PLAN, ttlMs: 100, graceMs: 500 })
    store.put('fresh', 'value', 10, PLAN)
    store.put('endless', 'value', 10, { ...PLAN, ttlMs: Number.POSITIVE_INFINITY })
    clock.advance(200)
    const keys = ['stale', 'fresh', 'endless', 'absent']
    expect(keys.map((key) => store.getTtl(key))).toEqual([undefined, 0.8, null, undefined])
  })

  test('put refuses a value that is too large, and removes the old value of its key', () => {
    const { store } = storeWithClock()
    expect(store.put('key', 'old', 50, PLAN)).toBe(true)
    expect(store.put('key', 'new', 51, PLAN)).toBe(false)
    expect(store.peek('key')).toBeUndefined()
    expect(entryStats(store)).toMatchObject({ refusals: 1, bytes: 0 })
  })

  test('put evicts the least recently used entries until all fit', () => {
    const { store } = storeWithClock()
    for (const key of 'ab') store.put(key, key, 50, PLAN)
    store.put('c', 'c', 10, PLAN)
    expect(store.peek('a')).toBeUndefined()
    expect(entryStats(store)).toMatchObject({ evictions: 1, bytes: 60, utilization: '2/3' })
    expect(memoryUseOf(store)).toEqual({ entries: 2, maxEntries: 3, bytes: 60 })
  })

  test('onRemoved receives evicted and expired entries with their values, and no removed ones', () => {
    const removed: unknown[] = []
    const clock = new ManualClock()
    const store = new EntryStore<string>(LIMITS, clock, ({ storedValue }, reason) => {
      removed.push([storedValue, reason])
    })
    for (const key of 'abcd') store.put(key, key, 1, PLAN)
    store.remove('b')
    clock.advance(1_001)
    store.use('c')
    expect(removed).toEqual([
      ['a', 'evicted'],
      ['c', 'expired'],
    ])
  })

  test('removeMatching removes stale entries too, and counts the fresh ones', () => {
    const { store, clock } = storeWithClock()
    store.put('a:stale', 'value', 1, { ...PLAN, ttlMs: 1, graceMs: 500 })
    store.put('a:fresh', 'value', 1, PLAN)
    store.put('b:fresh', 'value', 1, PLAN)
    clock.advance(2)
    expect(store.removeMatching((key) => key.startsWith('a:'))).toBe(1)
    expect(Array.from(store.all(), ({ key }) => key)).toEqual(['b:fresh'])
  })

  test('invalidateTags makes tagged entries misses', () => {
    const { store } = storeWithClock()
    store.put('a', 'value', 1, { ...PLAN, tags: ['red'] })
    store.put('b', 'value', 1, PLAN)
    expect([store.hasAnyTag(['red']), store.entryHasAnyTag('a', ['red'])]).toEqual([true, true])
    store.invalidateTags(['red'])
    expect([store.hasAnyTag(['red']), store.peek('a')]).toEqual([false, undefined])
    expect(store.peek('b')?.storedValue).toBe('value')
  })
})

test('estimateEntryBytes counts the key, the value and the entry itself', () => {
  const value = 'x'.repeat(1_000)
  expect(estimateEntryBytes('key', value)).toBeGreaterThan(1_180)
  expect(estimateEntryBytes('key', value)).toBeLessThan(1_300)
})
