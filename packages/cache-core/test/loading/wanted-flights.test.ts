import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Flight } from '../../src/implement.js'
import { ReferenceCache } from '../testkit/reference-cache.js'

class WatchedCache extends ReferenceCache {
  flight: Flight | undefined

  protected override beforeLoad<T>(flight: Flight<T>): undefined {
    this.flight = flight
  }
}

const load = (): Promise<string> => sleep(50, 'loaded')

test('a load is wanted while a caller waits', async () => {
  const cache = new WatchedCache()
  const call = cache.getOrSet('key', load)
  await sleep(1)
  expect(cache.flight?.isWanted).toBe(true)
  await call
})

test('a load is not wanted when all callers have timed out, and is still stored', async () => {
  const cache = new WatchedCache()
  const timeout = { hard: '5ms' } as const
  await expect(cache.getOrSet('key', load, { timeout })).rejects.toThrow('timeout.hard')
  expect(cache.flight?.isWanted).toBe(false)
  expect(cache.flight?.signal.aborted).toBe(false)
  await sleep(80)
  expect(await cache.get('key')).toBe('loaded')
})

test('a load is not wanted when all callers have aborted', async () => {
  const cache = new WatchedCache()
  const controller = new AbortController()
  const call = cache.getOrSet('key', load, { signal: controller.signal })
  await sleep(1)
  controller.abort('gone')
  await expect(call).rejects.toBe('gone')
  expect(cache.flight?.isWanted).toBe(false)
})

test('a load in the background is wanted by the cache', async () => {
  const cache = new WatchedCache()
  const options = { ttl: '1ms', staleWhileRevalidate: '1h' } as const
  await cache.getOrSet('key', () => 'first', options)
  await sleep(5)
  expect(await cache.getOrSet('key', load, options)).toBe('first')
  expect(cache.flight?.isWanted).toBe(true)
})
