import { describe, expect, test, vi } from 'vitest'
import { isolatorFor } from '../src/implement.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'

describe('evicted', () => {
  test('evicted is emitted for each evicted entry, in order, with its value', async () => {
    const { cache } = cacheWithClock({ maxSize: 2 })
    const emitted: unknown[] = []
    cache.on('evicted', (...details) => emitted.push(details))
    await fill(cache, 'abcd')
    expect(emitted).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
  })

  test('evicted is emitted for entries evicted because of maxBytes', async () => {
    const { cache } = cacheWithClock({ maxBytes: 10, ...countingText })
    const emitted: string[] = []
    cache.on('evicted', (key) => emitted.push(key))
    await fill(cache, 'abc')
    await cache.set('d', 'five')
    expect(emitted).toEqual(['a'])
    await cache.set('e', 'seven..')
    expect(emitted).toEqual(['a', 'b', 'c', 'd'])
  })

  test('evicted is not emitted for deleted, overwritten, refused or cleared entries', async () => {
    const { cache } = cacheWithClock({ maxSize: 2, maxEntryBytes: 10, ...countingText })
    const emitted: string[] = []
    cache.on('evicted', (key) => emitted.push(key))
    cache.on('expired', (key) => emitted.push(key))
    await fill(cache, 'aab')
    await cache.delete('a')
    await cache.set('b', 'far too large')
    await fill(cache, 'a')
    await cache.invalidatePattern('a')
    await fill(cache, 'ab')
    await cache.clear()
    await cache.close()
    expect(emitted).toEqual([])
  })
})

describe('expired', () => {
  test('expired is emitted when any method removes the entry', async () => {
    const { cache, clock } = cacheWithClock()
    const emitted: string[] = []
    cache.on('expired', (key) => emitted.push(key))
    for (const key of 'abcdefg') await cache.set(key, key, '10ms')
    clock.advance(11)
    expect(emitted).toEqual([])
    await cache.get('g')
    await cache.exists('f')
    cache.peek('e')
    await Promise.resolve()
    expect(emitted).toEqual(['g', 'f', 'e'])
    // A write removes two.
    await cache.set('new', 1)
    expect(emitted).toHaveLength(5)
    cache.size()
    await Promise.resolve()
    expect(emitted.toSorted()).toEqual(Array.from('abcdefg'))
  })

  test('expired is emitted for all expired entries that clear and close remove', async () => {
    const { cache, clock } = cacheWithClock()
    const emitted: string[] = []
    cache.on('expired', (key) => emitted.push(key))
    for (const end of ['clear', 'close'] as const) {
      await cache.set(end, 1, '10ms')
      await cache.set('alive', 1)
      clock.advance(11)
      await cache[end]()
    }
    expect(emitted).toEqual(['clear', 'close'])
  })
})

describe('a listener', () => {
  test('is called after the call, in the order of the events', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 2, maxEntryBytes: 10, ...countingText })
    const emitted: unknown[] = []
    const emit = (event: string) => (key: string) => emitted.push([event, key, cache.getKeys()])
    cache.on('evicted', emit('evicted'))
    cache.on('expired', emit('expired'))
    cache.on('refused', emit('refused'))
    await cache.set('a', 1, '10ms')
    clock.advance(11)
    const done = cache.setMany<unknown>([
      ['b', 1],
      ['c', 1],
      ['large', 'more than ten bytes'],
      ['d', 1],
    ])
    expect(emitted).toEqual([])
    await done
    expect(emitted).toEqual([
      ['expired', 'a', ['d', 'c']],
      ['refused', 'large', ['d', 'c']],
      ['evicted', 'b', ['d', 'c']],
    ])
  })

  test('can use the cache', async () => {
    const { cache } = cacheWithClock({ maxSize: 2 })
    const second = new Map<string, unknown>()
    cache.on('evicted', async (key, value) => {
      second.set(key, value)
      await cache.get('b')
      await cache.delete('a')
      cache.size()
    })
    await fill(cache, 'abcde')
    // 'b' was used at each step, so it was not evicted.
    expect(second).toEqual(new Map(Array.from('acd', (key) => [key, key])))
    expect(cache.getKeys()).toEqual(['b', 'e'])
  })

  test('can store an evicted entry again, which evicts another one', async () => {
    const { cache } = cacheWithClock({ maxSize: 2 })
    let puts = 0
    cache.on('evicted', async (key, value) => {
      if (puts++ < 3) await cache.set(key, value)
    })
    await fill(cache, 'abc')
    await Promise.resolve()
    await Promise.resolve()
    expect(puts).toBe(4)
    expect(cache.getStats()).toMatchObject({ evictions: 4, totalEntries: 2 })
  })

  test('that throws affects neither the cache nor other listeners', async () => {
    const { cache } = cacheWithClock({ maxSize: 1 })
    const emitted: string[] = []
    cache.on('evicted', () => {
      throw new Error('a listener failed')
    })
    cache.on('evicted', () => Promise.reject(new Error('later')))
    cache.on('evicted', (key) => emitted.push(key))
    await fill(cache, 'abc')
    expect(emitted).toEqual(['a', 'b'])
    expect(cache.getKeys()).toEqual(['c'])
  })

  test('is not called after its removal, not even for an earlier event', async () => {
    const { cache } = cacheWithClock({ maxSize: 1 })
    const [stopped, other] = [vi.fn(), vi.fn()]
    const stop = cache.on('evicted', stopped)
    cache.on('evicted', other)
    await fill(cache, 'ab')
    const written = cache.set('c', 1)
    stop()
    stop()
    await written
    expect(stopped.mock.calls).toEqual([['a', 'a']])
    expect(other.mock.calls).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
  })

  test.each(['freeze', 'clone'] as const)(
    "with isolation '%s' gets a safe value",
    async (isolation) => {
      const { cache } = cacheWithClock({ isolation, maxSize: 1 })
      const value = { list: [1] }
      const emitted: unknown[] = []
      cache.on('evicted', (_key, evicted) => emitted.push(evicted))
      await cache.set('a', value)
      await cache.set('b', 1)
      expect(emitted).toEqual([{ list: [1] }])
      expect(emitted[0]).not.toBe(value)
      expect(Object.isFrozen(emitted[0])).toBe(isolation === 'freeze')
    },
  )
})

test('a value is not copied for an event without listeners', async () => {
  const { cache } = cacheWithClock({ isolation: 'clone', maxSize: 1 })
  const release = vi.spyOn(isolatorFor('clone'), 'release')
  try {
    cache.on('expired', () => {})
    await fill(cache, 'abc')
    expect(release).not.toHaveBeenCalled()
    cache.on('evicted', () => {})
    await fill(cache, 'a')
    expect(release).toHaveBeenCalledOnce()
  } finally {
    release.mockRestore()
  }
})
