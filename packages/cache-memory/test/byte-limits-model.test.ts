import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cacheWithClock } from './cache-with-clock.js'

const MAX_SIZE = 6
const MAX_BYTES = 100
const MAX_ENTRY_BYTES = 60

interface Held {
  readonly bytes: number
  readonly expiresAt: number
  readonly tag: string
}

/** Entries by key, least recently used first. */
class Model {
  readonly held = new Map<string, Held>()
  readonly refused: string[] = []
  readonly evicted: string[] = []

  get bytes(): number {
    return [...this.held.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  set(key: string, entry: Held): void {
    this.held.delete(key)
    if (entry.bytes > MAX_ENTRY_BYTES) {
      this.refused.push(key)
      return
    }
    this.held.set(key, entry)
    while (this.held.size > MAX_SIZE || this.bytes > MAX_BYTES) {
      const [oldest = ''] = this.held.keys()
      this.held.delete(oldest)
      this.evicted.push(oldest)
    }
  }

  use(key: string): void {
    const entry = this.held.get(key)
    if (entry === undefined) return
    this.held.delete(key)
    this.held.set(key, entry)
  }

  deleteWhere(matches: (entry: Held) => boolean): void {
    for (const [key, entry] of this.held) if (matches(entry)) this.held.delete(key)
  }
}

const KEY = fc.constantFrom(...Array.from('abcdefghij'))
const TAG = fc.constantFrom('x', 'y', 'z')
const STEP = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      key: KEY,
      size: fc.oneof(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 70 }),
        fc.double({ min: 0, max: 70, noNaN: true }),
      ),
      ttlMs: fc.integer({ min: 1, max: 40 }),
      tag: TAG,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), key: KEY }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: KEY }) },
  fc.record({ kind: fc.constant('invalidateTags' as const), tag: TAG }),
  fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.integer({ min: 1, max: 20 }) }),
)

test('bytes are the sum of the fresh entries, and evicted entries are the least recently used', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 60, size: 'max' }), async (steps) => {
      const { cache, clock } = cacheWithClock({
        maxSize: MAX_SIZE,
        maxBytes: MAX_BYTES,
        maxEntryBytes: MAX_ENTRY_BYTES,
        sizeOf: (value) => value as number,
      })
      const model = new Model()
      const emitted = { refused: [] as string[], evicted: [] as string[] }
      cache.on('refused', (key) => emitted.refused.push(key))
      cache.on('evicted', (key) => emitted.evicted.push(key))
      for (const step of steps) {
        if (step.kind === 'set') {
          const { key, size, ttlMs, tag } = step
          await cache.set(key, size, { ttl: `${ttlMs}ms`, tags: [tag] })
          model.set(key, { bytes: 1 + Math.ceil(size), expiresAt: clock.now() + ttlMs, tag })
        } else if (step.kind === 'get') {
          await cache.get(step.key)
          model.use(step.key)
        } else if (step.kind === 'delete') {
          await cache.delete(step.key)
          model.held.delete(step.key)
        } else if (step.kind === 'invalidateTags') {
          await cache.invalidateTags([step.tag])
          model.deleteWhere(({ tag }) => tag === step.tag)
        } else {
          clock.advance(step.milliseconds)
          model.deleteWhere(({ expiresAt }) => expiresAt < clock.now())
        }
        expect(cache.getActiveKeys()).toEqual([...model.held.keys()].toReversed())
        // Includes expired entries, which are removed by writes only.
        expect(cache.getStats().bytes).toBeGreaterThanOrEqual(model.bytes)
        expect(cache.getStats().bytes).toBeLessThanOrEqual(MAX_BYTES)
        const { evictions, refusals } = cache.getStats()
        expect([evictions, refusals]).toEqual([model.evicted.length, model.refused.length])
      }
      expect(cache.size()).toBe(model.held.size)
      expect(cache.getStats().bytes).toBe(model.bytes)
      await Promise.resolve()
      expect(emitted).toEqual({ refused: model.refused, evicted: model.evicted })
    }),
    { numRuns: 500 },
  )
})
