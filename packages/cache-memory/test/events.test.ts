import { describe, expect, test, vi } from 'vitest'
import { isolatorFor } from '../src/implement.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'

describe('evicted', () => {
  test('is told of each entry that had to go, in order, with its value', async () => {
    const { cache } = cacheWithClock({ maxSize: 2 })
    const told: unknown[] = []
    cache.on('evicted', (...details) => told.push(details))
    await fill(cache, 'abcd')
    expect(told).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
  })

  test('is told of those that had to go for bytes, too', async () => {
    const { cache } = cacheWithClock({ maxBytes: 10, ...countingText })
    const told: string[] = []
    cache.on('evicted', (key) => told.push(key))
    await fill(cache, 'abc')
    await cache.set('d', 'five')
    expect(told).toEqual(['a'])
    await cache.set('e', 'seven..')
    expect(told).toEqual(['a', 'b', 'c', 'd'])
  })

  test('is not told of what was deleted, overwritten, refused or cleared', async () => {
    const { cache } = cacheWithClock({ maxSize: 2, maxEntryBytes: 10, ...countingText })
    const told: string[] = []
    cache.on('evicted', (key) => told.push(key))
    cache.on('expired', (key) => told.push(key))
    await fill(cache, 'aab')
    await cache.delete('a')
    await cache.set('b', 'far too large')
    await fill(cache, 'a')
    await cache.invalidatePattern('a')
    await fill(cache, 'ab')
    await cache.clear()
    await cache.close()
    expect(told).toEqual([])
  })
})

describe('expired', () => {
  test('is told when the entry is dropped, whoever comes across it', async () => {
    const { cache, clock } = cacheWithClock()
    const told: string[] = []
    cache.on('expired', (key) => told.push(key))
    for (const key of 'abcdefg') await cache.set(key, key, '10ms')
    clock.advance(11)
    expect(told).toEqual([])
    await cache.get('g')
    await cache.exists('f')
    cache.peek('e')
    await Promise.resolve()
    expect(told).toEqual(['g', 'f', 'e'])
    // A write drops two.
    await cache.set('new', 1)
    expect(told).toHaveLength(5)
    cache.size()
    await Promise.resolve()
    expect(told.toSorted()).toEqual(Array.from('abcdefg'))
  })

  test('is told of all that a clear or a close comes across', async () => {
    const { cache, clock } = cacheWithClock()
    const told: string[] = []
    cache.on('expired', (key) => told.push(key))
    for (const end of ['clear', 'close'] as const) {
      await cache.set(end, 1, '10ms')
      await cache.set('alive', 1)
      clock.advance(11)
      await cache[end]()
    }
    expect(told).toEqual(['clear', 'close'])
  })
})

describe('a listener', () => {
  test('is called after the call is done, in the order of what happened', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 2, maxEntryBytes: 10, ...countingText })
    const told: unknown[] = []
    const tell = (event: string) => (key: string) => told.push([event, key, cache.getKeys()])
    cache.on('evicted', tell('evicted'))
    cache.on('expired', tell('expired'))
    cache.on('refused', tell('refused'))
    await cache.set('a', 1, '10ms')
    clock.advance(11)
    const done = cache.setMany<unknown>([
      ['b', 1],
      ['c', 1],
      ['large', 'more than ten bytes'],
      ['d', 1],
    ])
    expect(told).toEqual([])
    await done
    expect(told).toEqual([
      ['expired', 'a', ['d', 'c']],
      ['refused', 'large', ['d', 'c']],
      ['evicted', 'b', ['d', 'c']],
    ])
  })

  test('may use the cache', async () => {
    const { cache } = cacheWithClock({ maxSize: 2 })
    const second = new Map<string, unknown>()
    cache.on('evicted', async (key, value) => {
      second.set(key, value)
      await cache.get('b')
      await cache.delete('a')
      cache.size()
    })
    await fill(cache, 'abcde')
    // 'b' was used at each turn, and so stayed.
    expect(second).toEqual(new Map(Array.from('acd', (key) => [key, key])))
    expect(cache.getKeys()).toEqual(['b', 'e'])
  })

  test('may put back what was evicted, for which another goes', async () => {
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

  test('that fails disturbs neither the cache nor the others', async () => {
    const { cache } = cacheWithClock({ maxSize: 1 })
    const told: string[] = []
    cache.on('evicted', () => {
      throw new Error('a listener failed')
    })
    cache.on('evicted', () => Promise.reject(new Error('later')))
    cache.on('evicted', (key) => told.push(key))
    await fill(cache, 'abc')
    expect(told).toEqual(['a', 'b'])
    expect(cache.getKeys()).toEqual(['c'])
  })

  test('is no longer called once it has stopped, not even for what was on its way', async () => {
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
      const told: unknown[] = []
      cache.on('evicted', (_key, evicted) => told.push(evicted))
      await cache.set('a', value)
      await cache.set('b', 1)
      expect(told).toEqual([{ list: [1] }])
      expect(told[0]).not.toBe(value)
      expect(Object.isFrozen(told[0])).toBe(isolation === 'freeze')
    },
  )
})

test('what nobody listens to is not copied', async () => {
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
