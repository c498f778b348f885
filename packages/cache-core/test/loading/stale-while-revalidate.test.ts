import { describe, expect, test } from 'vitest'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const OPTIONS = { staleWhileRevalidate: '1h' } as const
const FAILURE = new Error('the source is down')

describe('a stale value within staleWhileRevalidate', () => {
  test('is served to a thousand callers with one load, and then replaced by the loaded value', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const read = (): Promise<string> => cache.getOrSet('key', source.load, OPTIONS)
    const readers = Array.from({ length: 1_000 }, read)
    expect(new Set(await Promise.all(readers))).toEqual(new Set(['old']))
    expect(cache.served).toHaveLength(1_000)
    expect(source.loads).toHaveLength(1)
    await source.answer('new')
    expect(await read()).toBe('new')
    expect(source.loads).toHaveLength(1)
    expect(cache.served).toHaveLength(1_000)
  })

  test('is served during the load, also to callers that would not start one', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const first = follow(cache.getOrSet('key', source.load))
    expect(await cache.getOrSet('key', source.load, OPTIONS)).toBe('old')
    expect(source.loads).toHaveLength(1)
    await source.answer('new')
    expect(first().value).toBe('new')
  })

  test('is served when its refresh fails, which is reported once', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const readers = [1, 2, 3].map(() => cache.getOrSet('key', source.load, OPTIONS))
    await source.fail(FAILURE)
    expect(await Promise.all(readers)).toEqual(['old', 'old', 'old'])
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
  })

  test('is served when its loader throws at once', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const loader = (): never => {
      throw FAILURE
    }
    expect(await cache.getOrSet('key', loader, OPTIONS)).toBe('old')
    await turn()
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
  })

  test('is served when its refresh cannot be stored, which is reported', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    cache.stored = () => Promise.reject(FAILURE)
    expect(await cache.getOrSet('key', () => 'new', OPTIONS)).toBe('old')
    await turn()
    expect(cache.refusals).toEqual([{ key: 'key', code: 'STORE_FAILED' }])
  })

  test('a failed refresh with waiting callers reaches them and is not reported', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, OPTIONS)
    const waiting = follow(cache.getOrSet('key', source.load))
    await source.fail(FAILURE)
    expect(waiting().reason).toBe(FAILURE)
    expect(cache.failures).toEqual([])
  })

  test('a refresh continues when its first caller gives up', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const controller = new AbortController()
    await cache.getOrSet('key', source.load, { ...OPTIONS, signal: controller.signal })
    controller.abort()
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('new')
    expect(await cache.getOrSet('key', source.load, OPTIONS)).toBe('new')
  })

  test('a refresh continues when other callers join it and give up', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const controller = new AbortController()
    await cache.getOrSet('key', source.load, OPTIONS)
    const joined = follow(cache.getOrSet('key', source.load, { signal: controller.signal }))
    controller.abort()
    await turn()
    expect(joined().state).toBe('failed')
    await source.answer('new')
    expect(cache.lookup('key')?.value).toBe('new')
  })

  test('a load whose callers have given up continues if it is needed as a refresh', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const controller = new AbortController()
    const first = follow(cache.getOrSet('key', source.load, { signal: controller.signal }))
    expect(await cache.getOrSet('key', source.load, OPTIONS)).toBe('old')
    controller.abort()
    await turn()
    expect(first().state).toBe('failed')
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('new')
    expect(cache.lookup('key')?.value).toBe('new')
  })
})

describe('after a failed load', () => {
  test('loads pause for 1 s, doubling to 60 s', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const read = (): Promise<string> => cache.getOrSet('key', source.load, OPTIONS)
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      const before = source.loads.length
      await read()
      expect(source.loads).toHaveLength(before + 1)
      await source.fail(FAILURE)
      cache.clock.advance(pauseMs - 1)
      expect(await read()).toBe('old')
      expect(source.loads).toHaveLength(before + 1)
      cache.clock.advance(1)
    }
    expect(cache.failures).toHaveLength(8)
  })

  test('loads pause for callers that would wait for them too', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, OPTIONS)
    await source.fail(FAILURE)
    expect(await cache.getOrSet('key', source.load, { staleIfError: '1h' })).toBe('old')
    expect(source.loads).toHaveLength(1)
    expect(cache.served).toHaveLength(2)
  })

  test('a caller that does not accept a stale value loads anyway', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, OPTIONS)
    await source.fail(FAILURE)
    const call = cache.getOrSet('key', source.load)
    await source.answer('new')
    expect(await call).toBe('new')
  })

  test('loads do not pause if its caller does not accept a stale value', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load))
    await source.fail(FAILURE)
    expect(call().reason).toBe(FAILURE)
    expect(await cache.getOrSet('key', source.load, OPTIONS)).toBe('old')
    expect(source.loads).toHaveLength(2)
  })

  test('the pause begins at the end of the load', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, OPTIONS)
    cache.clock.advance(5_000)
    await source.fail(FAILURE)
    cache.clock.advance(999)
    await cache.getOrSet('key', source.load, OPTIONS)
    expect(source.loads).toHaveLength(1)
  })

  test('a success ends the pause, and the next failure pauses for 1 s again', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    const read = (): Promise<string> => cache.getOrSet('key', source.load, OPTIONS)
    for (const pauseMs of [1_000, 2_000]) {
      await read()
      await source.fail(FAILURE)
      cache.clock.advance(pauseMs)
    }
    await read()
    await source.answer('new')
    cache.retain('key', 'old again', { freshMs: -1 })
    await read()
    await source.fail(FAILURE)
    cache.clock.advance(1_000)
    await read()
    expect(source.loads).toHaveLength(5)
  })

  test('other keys are loaded', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    cache.retain('other', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, OPTIONS)
    await source.fail(FAILURE)
    await cache.getOrSet('other', source.load, OPTIONS)
    expect(source.loads).toHaveLength(2)
  })
})
