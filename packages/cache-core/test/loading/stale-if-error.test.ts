import { describe, expect, test } from 'vitest'
import { withFakeTimers } from './fake-timers.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const FAILURE = new Error('the source is down')

withFakeTimers()

describe('a stale value within staleIfError', () => {
  test('is served to all callers whose load failed', async () => {
    const cache = staleCache()
    const source = new Source()
    const calls = [1, 2, 3].map(() => cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    await source.fail(FAILURE)
    expect(await Promise.all(calls)).toEqual(['old', 'old', 'old'])
    expect(cache.served).toEqual(['key', 'key', 'key'])
    expect(source.loads).toHaveLength(1)
    // No caller receives the error, so it is reported.
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
  })

  test('is not served to callers without the option', async () => {
    const cache = staleCache()
    const source = new Source()
    const permits = follow(cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    const doesNot = follow(cache.getOrSet('key', source.load))
    await source.fail(FAILURE)
    expect(permits().value).toBe('old')
    expect(doesNot().reason).toBe(FAILURE)
    expect(cache.failures).toHaveLength(1)
  })

  test('causes a report of the failure, which is not needed for callers that receive the error', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    await source.fail(FAILURE)
    expect(call().reason).toBe(FAILURE)
    expect(cache.failures).toEqual([])
  })

  test('is replaced by the loaded value', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = cache.getOrSet('key', source.load, { staleIfError: '1h' })
    await source.answer('new')
    expect(await call).toBe('new')
    expect(cache.served).toEqual([])
  })

  test('is served without a load during the pause after a failure', async () => {
    const cache = staleCache()
    const source = new Source()
    const read = (): Promise<string> => cache.getOrSet('key', source.load, { staleIfError: '1h' })
    const first = read()
    await source.fail(FAILURE)
    await first
    cache.clock.advance(999)
    expect(await read()).toBe('old')
    expect(source.loads).toHaveLength(1)
    cache.clock.advance(1)
    const later = read()
    expect(source.loads).toHaveLength(2)
    await source.answer('new')
    expect(await later).toBe('new')
  })

  test('is not served after its end, even if that came during the load', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '10ms' }))
    cache.clock.advance(10)
    await source.fail(FAILURE)
    expect(call()).toEqual({ state: 'failed', reason: FAILURE })
    expect(cache.served).toEqual([])
  })

  test('is served at its end', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '10ms' }))
    cache.clock.advance(9)
    await source.fail(FAILURE)
    expect(call().value).toBe('old')
  })

  test('is not served for an absent key', async () => {
    const cache = new RecordingCache()
    const call = cache.getOrSet('key', () => Promise.reject(FAILURE), { staleIfError: '1h' })
    await expect(call).rejects.toBe(FAILURE)
    expect(cache.served).toEqual([])
  })
})

describe('a load that takes longer than timeout.soft', () => {
  const options = { staleIfError: '1h', timeout: { soft: '20ms' } } as const

  test('is replaced by the stale value, and stored at its end', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, options))
    await cache.pass(19)
    expect(call().state).toBe('pending')
    await cache.pass(1)
    expect(call().value).toBe('old')
    expect(cache.served).toEqual(['key'])
    await source.answer('new')
    expect(await cache.getOrSet('key', source.load, options)).toBe('new')
    expect(cache.failures).toEqual([])
  })

  test('is joined by later callers, each with its own timeout', async () => {
    const cache = staleCache()
    const source = new Source()
    const first = follow(cache.getOrSet('key', source.load, options))
    await cache.pass(15)
    const second = follow(cache.getOrSet('key', source.load, options))
    await cache.pass(19)
    expect([first().value, second().state]).toEqual(['old', 'pending'])
    await source.answer('new')
    expect(second().value).toBe('new')
    expect(source.loads).toHaveLength(1)
  })

  test('is reported when it fails later, and pauses the loads', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, options))
    await cache.pass(20)
    expect(call().value).toBe('old')
    await source.fail(FAILURE)
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
    expect(await cache.getOrSet('key', source.load, options)).toBe('old')
    expect(source.loads).toHaveLength(1)
  })

  test('is awaited when no stale value may be served', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, options))
    await cache.pass(1_000)
    expect(call().state).toBe('pending')
    await source.answer('new')
    expect(call().value).toBe('new')
  })

  test('is awaited when the stale value is too old', async () => {
    const cache = staleCache()
    const source = new Source()
    const limited = { staleIfError: '10ms', timeout: { soft: '20ms' } } as const
    const call = follow(cache.getOrSet('key', source.load, limited))
    await cache.pass(20)
    expect(call().state).toBe('pending')
    await source.answer('new')
    expect(call().value).toBe('new')
  })

  test('is not ended by a caller that gives up later', async () => {
    const cache = staleCache()
    const source = new Source()
    const controller = new AbortController()
    const served = follow(cache.getOrSet('key', source.load, options))
    const waiting = follow(cache.getOrSet('key', source.load, { signal: controller.signal }))
    await cache.pass(20)
    expect(served().value).toBe('old')
    controller.abort()
    await turn()
    expect(waiting().state).toBe('failed')
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('new')
    expect(cache.lookup('key')?.value).toBe('new')
  })
})

describe('a load that takes longer than timeout.hard', () => {
  test('is replaced by the stale value without an earlier soft timeout', async () => {
    for (const timeout of [{ hard: '20ms' }, { soft: '30ms', hard: '20ms' }] as const) {
      const cache = staleCache()
      const source = new Source()
      const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h', timeout }))
      await cache.pass(20)
      expect(call().value).toBe('old')
    }
  })
})

function staleCache(): RecordingCache {
  const cache = new RecordingCache()
  cache.retain('key', 'old', { freshMs: -1 })
  return cache
}
