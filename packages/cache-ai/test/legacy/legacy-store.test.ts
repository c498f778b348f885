import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { AIResponseCache } from '../../src/index.js'
import { SetUp } from '../set-up.js'

const at = new SetUp()
const request = { text: 'Test text', operation: 'summarize', options: { max_length: 100 } }
const KEY = 'ai_cache:op:summarize|txt:Test text|opts:5104236b'
const OLD = { summary: 'old', cached_at: '2025-01-02T03:04:05Z', cache_hit: false }
/** The response as the Python version returns it. */
const RETURNED = { ...OLD, cache_hit: true }

describe('with legacy keys, a response of the Python version', () => {
  test('a response of the Python version is a hit and counts once', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    await at.raw.set(KEY, `rawj:${JSON.stringify(OLD)}`)
    const found = await cache.getCachedResponse(request)
    expect(found).toMatchObject({
      response: RETURNED,
      cached: { hit: true, tier: 'redis', at: '2025-01-02T03:04:05.000Z', textTier: 'small' },
    })
    expect(Object.isFrozen(found?.response)).toBe(true)
    expect(await cache.getOrCompute(request, () => 'new')).toMatchObject({ response: RETURNED })
    expect(cache.getCacheHitRatio()).toBe(100)
    expect(cache.getPerformanceSummary()).toMatchObject({
      cacheHits: 2,
      hitsByOperation: { summarize: 2 },
    })
    // Values of another format are read and never removed.
    expect(await cache.invalidateByOperation('summarize')).toBe(0)
    expect(await at.raw.exists(KEY)).toBe(1)
  })

  test('a response of the Python version is a hit in the flat shape and is never changed', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    await at.raw.set(KEY, `rawj:${JSON.stringify(OLD)}`)
    expect(await cache.getCachedResponse(request, { shape: 'flat' })).toMatchObject(RETURNED)
    await cache.getOrCompute(request, () => 'new', { refresh: true })
    expect(await at.raw.get(KEY)).toBe(`rawj:${JSON.stringify(OLD)}`)
  })

  describe.each<[string, object]>([
    ['is absent', {}],
    ['is null', { cached_at: null }],
    ['is a number', { cached_at: 5 }],
    ['is not a date', { cached_at: 'version 2' }],
    ['is before 1970', { cached_at: '1960-01-01T00:00:00Z' }],
    ['is in the far future', { cached_at: '9999-01-01T00:00:00Z' }],
  ])('when cached_at %s', (_case, fields) => {
    const open = async (): Promise<AIResponseCache> => {
      await at.raw.set(KEY, `rawj:${JSON.stringify({ summary: 'old', ...fields })}`)
      return at.openConnected({ keyStyle: 'legacy' })
    }

    test('a response of unknown age has no age in the result', async () => {
      const cache = await open()
      const found = await cache.getCachedResponse(request)
      expect(found?.cached).toMatchObject({ hit: true, tier: 'redis' })
      expect(found?.cached).not.toHaveProperty('at')
      expect(found?.cached).not.toHaveProperty('ageMs')
    })

    test('the flat shape adds no cached_at to a response of unknown age', async () => {
      const cache = await open()
      const flat = await cache.getCachedResponse(request, { shape: 'flat' })
      expect(flat).toMatchObject({ summary: 'old', retrieved_at: expect.stringMatching(/^20.*Z$/) })
      const { cached_at: cachedAt } = flat as { readonly cached_at?: unknown }
      expect(cachedAt).toEqual((fields as { readonly cached_at?: unknown }).cached_at)
    })

    test('maxAge excludes a response of unknown age', async () => {
      const cache = await open()
      expect(await cache.getCachedResponse(request, { maxAge: '100d' })).toBeUndefined()
      const answer = await cache.getOrCompute(request, () => 'new', { maxAge: '100d' })
      expect(answer.response).toBe('new')
    })
  })

  test('maxAge includes a response of the Python version that is young enough', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    const stored = { ...OLD, cached_at: new Date(Date.now() - 60_000).toISOString() }
    await at.raw.set(KEY, `rawj:${JSON.stringify(stored)}`)
    expect(await cache.getCachedResponse(request, { maxAge: '30s' })).toBeUndefined()
    const found = await cache.getCachedResponse(request, { maxAge: '5m' })
    expect(found?.cached.at).toBe(stored.cached_at)
  })

  test('reads a date that Python wrote with a space and microseconds', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    const stored = { ...OLD, cached_at: '2025-01-02 03:04:05.678901+00:00' }
    await at.raw.set(KEY, `rawj:${JSON.stringify(stored)}`)
    const found = await cache.getCachedResponse(request)
    expect(found?.cached.at).toBe('2025-01-02T03:04:05.678Z')
  })

  test('a caller that joins the load of another method gets the date of the response', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    const load = async (): Promise<object> => {
      await sleep(100)
      return OLD
    }
    const loaded = cache.getOrSet(KEY.slice('ai_cache:'.length), load)
    await sleep(25)
    const { response, cached } = await cache.getOrCompute(request, () => 'new')
    expect(response).toEqual(RETURNED)
    expect(cached).toMatchObject({ joined: true, at: '2025-01-02T03:04:05.000Z' })
    await loaded
  })

  test('invalidateByOperation removes responses to an operation with any name', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    for (const operation of ['a:b', '50%']) {
      await cache.cacheResponse({ text: 'text', operation, response: 1 })
      expect(await cache.invalidateByOperation(operation)).toBe(1)
    }
  })
})

describe('with legacy keys, entries of this package', () => {
  const good = { response: { a: 1 }, operation: 'summarize', textTier: 'small', storedAt: 1 }

  test.each<[string, object]>([
    ['for another operation', { ...good, operation: 'qa' }],
    ['without a response', { ...good, response: undefined }],
    ['with a time that is no date', { ...good, storedAt: Number.NaN }],
    ['without a time', { ...good, storedAt: undefined }],
    ['with a time in the far future', { ...good, storedAt: Date.now() + 1e9 }],
    ['with a tier that does not exist', { ...good, textTier: 'huge' }],
  ])('an entry %s is a miss and is replaced', async (_case, entry) => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    await cache.set(KEY.slice('ai_cache:'.length), entry)
    expect(await cache.getCachedResponse(request)).toBeUndefined()
    expect((await cache.getOrCompute(request, () => 'new')).response).toBe('new')
    expect((await cache.getCachedResponse(request))?.response).toBe('new')
  })

  test.each<[string, object]>([
    ['a field named response', { response: 'text', summary: 'old' }],
    ['every field of this package and a date of Python', { ...good, operation: 'qa', ...OLD }],
  ])('a value with %s is a response of the Python version', async (_case, value) => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    await at.raw.set(KEY, `rawj:${JSON.stringify(value)}`)
    const found = await cache.getCachedResponse(request)
    expect(found?.response).toEqual({ ...value, cache_hit: true })
  })
})

test('without legacy keys, a response of the Python version is a miss', async () => {
  const cache = await at.openConnected()
  const { text, operation, options } = request
  await cache.set(cache.buildKey(text, operation, options), OLD)
  expect(await cache.getCachedResponse(request)).toBeUndefined()
})
