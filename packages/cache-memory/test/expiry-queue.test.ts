import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Expiring, ExpiryQueue, REMOVED } from '../src/expiry-queue.js'

const NEVER = Number.POSITIVE_INFINITY

describe('the expiry queue', () => {
  test('returns expired entries only, ordered by expiry', () => {
    const queue = new ExpiryQueue<Named>()
    for (const [name, expiresAt] of Object.entries({ c: 30, a: 10, d: 40, b: 20 })) {
      queue.schedule(named(name, expiresAt))
    }
    expect(takeAll(queue, 31)).toEqual(['a', 'b', 'c'])
    expect(takeAll(queue, 31)).toEqual([])
    expect(takeAll(queue, 41)).toEqual(['d'])
    expect(queue.length).toBe(0)
  })

  test('does not return an entry at its expiry, but one millisecond later', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', 10))
    expect(takeAll(queue, 10)).toEqual([])
    expect(takeAll(queue, 10.001)).toEqual(['a'])
  })

  test('has no place for an entry that never expires', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', NEVER))
    expect(queue.length).toBe(0)
  })

  test('has one place for an entry whose expiry is extended many times', () => {
    const queue = new ExpiryQueue<Named>()
    const entry = named('a', 10)
    for (let expiresAt = 10; expiresAt <= 1_000; expiresAt++) {
      entry.expiresAt = expiresAt
      queue.schedule(entry)
    }
    expect(queue.length).toBe(1)
    expect(takeAll(queue, 1_000)).toEqual([])
    expect(takeAll(queue, 1_001)).toEqual(['a'])
  })

  test('returns an entry with a shortened expiry once', () => {
    const queue = new ExpiryQueue<Named>()
    const entry = named('a', 100)
    queue.schedule(entry)
    entry.expiresAt = 50
    queue.schedule(entry)
    expect(takeAll(queue, 51)).toEqual(['a'])
    expect(takeAll(queue, 101)).toEqual([])
  })

  test('has each entry that can expire once after a rebuild', () => {
    const queue = new ExpiryQueue<Named>()
    const entries = [named('a', 30), named('b', NEVER), named('c', 10)]
    for (const entry of entries) queue.schedule(entry)
    for (const expiresAt of [29, 28, 27]) {
      ;(entries[0] as Named).expiresAt = expiresAt
      queue.schedule(entries[0] as Named)
    }
    expect(queue.length).toBe(5)
    queue.rebuild(entries)
    expect(queue.length).toBe(2)
    expect(takeAll(queue, 100)).toEqual(['c', 'a'])
  })

  test('is empty after clear', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', 1))
    queue.clear()
    expect([queue.length, queue.takeExpired(10), queue.nextAt]).toEqual([0, undefined, NEVER])
  })

  test('nextAt is the earliest time at which an entry may expire', () => {
    const queue = new ExpiryQueue<Named>()
    expect(queue.nextAt).toBe(NEVER)
    const [first, second] = [named('a', 20), named('b', 10)]
    for (const entry of [first, second, named('c', NEVER)]) queue.schedule(entry)
    expect(queue.nextAt).toBe(10)
    // A later expiry is noticed only at the old time.
    second.expiresAt = 30
    queue.schedule(second)
    expect(queue.nextAt).toBe(10)
    expect([queue.takeExpired(10), queue.nextAt]).toEqual([undefined, 10])
    expect([queue.takeExpired(11), queue.nextAt]).toEqual([undefined, 20])
    first.queuedAt = REMOVED
    expect([queue.takeExpired(21), queue.nextAt]).toEqual([undefined, 30])
    expect([queue.takeExpired(31), queue.nextAt]).toEqual([second, NEVER])
  })

  test('returns any entries in the order of their expiry after a rebuild', () => {
    const expiryTimes = fc.array(fc.oneof(fc.nat(50), fc.nat(), fc.constant(NEVER)), {
      maxLength: 300,
      size: 'max',
    })
    fc.assert(
      fc.property(expiryTimes, (times) => {
        const queue = new ExpiryQueue<Named>()
        queue.schedule(named('forgotten', 1))
        queue.rebuild(times.map((time) => named(String(time), time)))
        const ends = times.filter((time) => time < NEVER).toSorted((one, other) => one - other)
        expect([queue.length, queue.nextAt]).toEqual([ends.length, ends[0] ?? NEVER])
        expect(takeAll(queue, NEVER)).toEqual(ends.map(String))
        expect(queue.length).toBe(0)
      }),
    )
  })

  test('agrees with a linear search', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 80 }), (steps) => {
        const queue = new ExpiryQueue<Named>()
        const entries = new Map<string, Named>()
        const rebuiltTo: [nextAt: number, firstEnd: number][] = []
        const comparisons: [taken: string[], expired: string[]][] = []
        let now = 0
        for (const { kind, name, ttlMs } of steps) {
          const entry = entries.get(name)
          if (kind === 'set' && entry !== undefined) {
            entry.expiresAt = now + ttlMs
            queue.schedule(entry)
          } else if (kind === 'set') {
            const added = named(name, now + ttlMs)
            entries.set(name, added)
            queue.schedule(added)
          } else if (kind === 'remove' && entry !== undefined) {
            entry.queuedAt = REMOVED
            entries.delete(name)
          } else if (kind === 'rebuild') {
            queue.rebuild(entries.values())
            rebuiltTo.push([queue.nextAt, firstEnd(entries)])
          } else if (kind === 'wait') {
            now += Math.min(ttlMs, 20)
            const expired = [...entries.values()].filter(({ expiresAt }) => expiresAt < now)
            comparisons.push([takeAll(queue, now).toSorted(), expired.map(nameOf).toSorted()])
            for (const one of expired) entries.delete(one.name)
          }
          expect(queue.nextAt).toBeLessThanOrEqual(firstEnd(entries))
        }
        for (const [taken, expired] of comparisons) expect(taken).toEqual(expired)
        for (const [nextAt, end] of rebuiltTo) expect(nextAt).toBe(end)
      }),
      { numRuns: 2_000 },
    )
  })
})

interface Named extends Expiring {
  readonly name: string
}

const STEP = fc.record({
  kind: fc.constantFrom('set', 'set', 'set', 'remove', 'wait', 'wait', 'rebuild'),
  name: fc.constantFrom(...Array.from('abcdefgh')),
  ttlMs: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(NEVER)),
})

function firstEnd(entries: ReadonlyMap<string, Named>): number {
  return Math.min(...Array.from(entries.values(), ({ expiresAt }) => expiresAt))
}

function nameOf({ name }: Named): string {
  return name
}

function named(name: string, expiresAt: number): Named {
  return { name, expiresAt, queuedAt: NEVER }
}

function takeAll(queue: ExpiryQueue<Named>, now: number): string[] {
  const names: string[] = []
  for (;;) {
    const entry = queue.takeExpired(now)
    if (entry === undefined) return names
    names.push(entry.name)
  }
}
