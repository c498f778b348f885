import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ManualClock, systemClock } from '@verbatim/cache-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InMemoryCache } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'
import { useFakeTimers, useRealTimers } from './fake-timers.js'
import { stillHeld } from './garbage.js'

describe('a cache that becomes garbage without close', () => {
  test.each([
    ['a clock of the caller', new ManualClock()],
    ["the machine's clock", systemClock],
  ])('is collected while its timers run, with %s', async (_name, clock) => {
    const caches = new Map<string, WeakRef<object>>()
    await (async () => {
      const cache = new InMemoryCache({ clock })
      const value = { text: 'value' }
      await cache.set('key', value, { ttl: '1h', tags: ['tag'] })
      await cache.getOrSet('stale', () => 1, { ttl: '1h', staleWhileRevalidate: '1h' })
      await cache.get('key')
      await cache.invalidateTags(['tag'])
      caches.set('cache', new WeakRef(cache))
      caches.set('value', new WeakRef(value))
    })()
    expect(await stillHeld(caches)).toEqual([])
  })

  test('does not keep its process alive', async () => {
    const program = `
      import { InMemoryCache } from '@verbatim/cache-memory'
      const cache = new InMemoryCache()
      await cache.set('key', 'value', { ttl: '1h', tags: ['tag'] })
      await cache.getOrSet('loaded', () => 1, { ttl: '1h', staleWhileRevalidate: '1h' })
      await cache.get('key')
      await cache.invalidateTags(['tag'])
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
      console.log(cache.size(), timers)
      const doneAt = performance.now()
      process.on('exit', () => console.log(performance.now() - doneAt < 900))
    `
    const packageFolder = fileURLToPath(new URL('..', import.meta.url))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { cwd: packageFolder, timeout: 20_000 },
    )
    expect(stdout).toBe('1 []\ntrue\n')
  })
})

describe('an idle cache', () => {
  beforeEach(() => useFakeTimers())
  afterEach(() => useRealTimers())

  test('releases expired and invalidated values without any call', async () => {
    const { cache, clock } = cacheWithClock()
    const values = new Map<string, WeakRef<object>>()
    for (const key of ['expired', 'invalidated', 'kept']) {
      const value = { key }
      values.set(key, new WeakRef(value))
      await cache.set(key, value, { ttl: key === 'expired' ? '10ms' : '1h', tags: [key] })
    }
    await cache.invalidateTags(['invalidated'])
    clock.advance(11)
    expect(await stillHeld(values)).toEqual(['expired', 'invalidated', 'kept'])
    vi.advanceTimersByTime(1_000)
    expect(await stillHeld(values)).toEqual(['kept'])
    expect(cache.getKeys()).toEqual(['kept'])
  })
})
