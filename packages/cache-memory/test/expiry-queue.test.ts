import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Expiring, ExpiryQueue, REMOVED } from '../src/expiry-queue.js'

const NEVER = Number.POSITIVE_INFINITY

describe('the expiry queue', () => {
  test('hands out what has expired, soonest first, and nothing else', () => {
    const queue = new ExpiryQueue<Named>()
    for (const [name, expiresAt] of Object.entries({ c: 30, a: 10, d: 40, b: 20 })) {
      queue.schedule(named(name, expiresAt))
    }
    expect(takeAll(queue, 31)).toEqual(['a', 'b', 'c'])
    expect(takeAll(queue, 31)).toEqual([])
    expect(takeAll(queue, 41)).toEqual(['d'])
    expect(queue.length).toBe(0)
  })

  test('an entry lives up to its very expiry', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', 10))
    expect(takeAll(queue, 10)).toEqual([])
    expect(takeAll(queue, 10.001)).toEqual(['a'])
  })

  test('what never expires takes no place', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', NEVER))
    expect(queue.length).toBe(0)
  })

  test('a life that is extended again and again takes one place', () => {
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

  test('a shortened life is noticed, and the entry is handed out once', () => {
    const queue = new ExpiryQueue<Named>()
    const entry = named('a', 100)
    queue.schedule(entry)
    entry.expiresAt = 50
    queue.schedule(entry)
    expect(takeAll(queue, 51)).toEqual(['a'])
    expect(takeAll(queue, 101)).toEqual([])
  })

  test('a rebuilt queue holds each entry that can expire once', () => {
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

  test('a cleared queue is empty', () => {
    const queue = new ExpiryQueue<Named>()
    queue.schedule(named('a', 1))
    queue.clear()
    expect([queue.length, queue.takeExpired(10), queue.nextAt]).toEqual([0, undefined, NEVER])
  })

  test('nextAt is when to look again', () => {
    const queue = new ExpiryQueue<Named>()
    expect(queue.nextAt).toBe(NEVER)
    const [first, second] = [named('a', 20), named('b', 10)]
    for (const entry of [first, second, named('c', NEVER)]) queue.schedule(entry)
    expect(queue.nextAt).toBe(10)
    // A longer life is noticed when the old time comes, and only then.
    second.expiresAt = 30
    queue.schedule(second)
    expect(queue.nextAt).toBe(10)
    expect([queue.takeExpired(10), queue.nextAt]).toEqual([undefined, 10])
    expect([queue.takeExpired(11), queue.nextAt]).toEqual([undefined, 20])
    first.queuedAt = REMOVED
    expect([queue.takeExpired(21), queue.nextAt]).toEqual([undefined, 30])
    expect([queue.takeExpired(31), queue.nextAt]).toEqual([second, NEVER])
  })

  test('a queue rebuilt of any entries hands them out in the order of their ends', () => {
    const lives = fc.array(fc.oneof(fc.nat(50), fc.nat(), fc.constant(NEVER)), {
      maxLength: 300,
      size: 'max',
    })
    fc.assert(
      fc.property(lives, (times) => {
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

  test('agrees with a list that is searched from end to end', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 80 }), (steps) => {
        const queue = new ExpiryQueue<Named>()
        const entries = new Map<string, Named>()
        const rebuiltTo: [nextAt: number, firstEnd: number][] = []
        const comparisons: [taken: string[], expired: string[]][] = []
        let now = 0
        for (const { kind, name, life } of steps) {
          const entry = entries.get(name)
          if (kind === 'set' && entry !== undefined) {
            entry.expiresAt = now + life
            queue.schedule(entry)
          } else if (kind === 'set') {
            const added = named(name, now + life)
            entries.set(name, added)
            queue.schedule(added)
          } else if (kind === 'remove' && entry !== undefined) {
            entry.queuedAt = REMOVED
            entries.delete(name)
          } else if (kind === 'rebuild') {
            queue.rebuild(entries.values())
            rebuiltTo.push([queue.nextAt, firstEnd(entries)])
          } else if (kind === 'wait') {
            now += Math.min(life, 20)
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
  life: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(NEVER)),
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
