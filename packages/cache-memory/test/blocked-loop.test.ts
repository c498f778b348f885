import { describe, expect, test } from 'vitest'
import { isolatorFor } from '../src/implement.js'
import { InMemoryCache } from '../src/index.js'
import { takeSnapshot } from '../src/snapshot.js'

/** Blocks the event loop, so that no timer and no other promise runs. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Reads often enough for a run of hits. */
async function readOften(cache: InMemoryCache): Promise<void> {
  for (let hit = 0; hit < 200; hit++) await cache.get('long')
}

async function filled(): Promise<InMemoryCache> {
  const cache = new InMemoryCache()
  await cache.setMany(
    [
      ['first', 1],
      ['second', 2],
    ],
    '100ms',
  )
  await cache.set('long', 3, '1h')
  return cache
}

describe('after the event loop was blocked past the TTL, between two awaited hits', () => {
  const reads: Readonly<Record<string, (cache: InMemoryCache) => unknown>> = {
    get: (cache) => cache.get('first'),
    peek: (cache) => cache.peek('first'),
    getTtl: (cache) => cache.getTtl('first'),
    getMany: async (cache) => (await cache.getMany(['first'])).get('first'),
    exists: async (cache) => (await cache.exists('first')) || undefined,
    scan: async (cache) => (await keysOf(cache)).find((key) => key === 'first'),
    iterator: (cache) => [...cache].find(([key]) => key === 'first'),
    getActiveKeys: (cache) => cache.getActiveKeys().find((key) => key === 'first'),
    snapshot: (cache) => cache.snapshot().entries.find(({ key }) => key === 'first'),
  }
  for (const [name, read] of Object.entries(reads)) {
    test(`${name} does not return the entry`, async () => {
      const cache = await filled()
      await readOften(cache)
      expect(await cache.get('first')).toBe(1)
      block(150)
      expect(await read(cache)).toBeUndefined()
    })
  }

  test('getOrSet loads the value again', async () => {
    const cache = await filled()
    await readOften(cache)
    block(150)
    expect(await cache.getOrSet('first', () => 'loaded')).toBe('loaded')
  })

  test('add stores the value', async () => {
    const cache = await filled()
    await readOften(cache)
    block(150)
    expect(await cache.add('first', 'added')).toBe(true)
  })

  test('getStats and size do not count the entry', async () => {
    const cache = await filled()
    await readOften(cache)
    block(150)
    expect(cache.getStats()).toMatchObject({ totalEntries: 3, activeEntries: 1, expiredEntries: 2 })
    expect(cache.size()).toBe(1)
  })
})

describe('a consumer slower than the TTL', () => {
  test('scan does not yield a key that has expired since it began', async () => {
    const cache = await filled()
    const keys: string[] = []
    for await (const key of cache.scan()) {
      keys.push(key)
      block(150)
    }
    expect(keys).toEqual(['long'])
  })

  test('the iterator does not yield an entry that has expired since it began', async () => {
    const cache = await filled()
    const keys: string[] = []
    for (const [key] of cache) {
      keys.push(key)
      block(150)
    }
    expect(keys).toEqual(['long'])
  })
})

test('a snapshot reads the clock before it copies values, so that no TTL grows', () => {
  let elapsed = 0
  const clock = { now: () => elapsed, wallTime: () => elapsed }
  const slowIsolator = {
    ...isolatorFor('none'),
    release: (stored: unknown) => {
      elapsed += 1_000
      return stored
    },
  }
  const entry = {
    key: 'key',
    storedValue: 1,
    bytes: 0,
    extra: undefined,
    expiresAt: 5_000,
    queuedAt: 0,
  }
  expect(takeSnapshot([entry], clock, slowIsolator)).toMatchObject({
    takenAt: 0,
    entries: [{ key: 'key', leftMs: 5_000 }],
  })
})

async function keysOf(cache: InMemoryCache): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return keys
}
