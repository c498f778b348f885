import { describe, expect, test } from 'vitest'
import { SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'Test text', operation: 'summarize', options: { max_length: 100 } }
const KEY = 'ai_cache:op:summarize|txt:Test text|opts:5104236b'
const OLD = { summary: 'old', cached_at: '2025-01-02T03:04:05Z', cache_hit: false }
/** As the Python version returns it. */
const RETURNED = { ...OLD, cache_hit: true }

describe('with legacy keys, what the Python version has stored', () => {
  test('is found, once for all figures', async () => {
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

  test('is returned as a hit in the flat shape, too, and never changed', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    await at.raw.set(KEY, `rawj:${JSON.stringify(OLD)}`)
    expect(await cache.getCachedResponse(request, { shape: 'flat' })).toMatchObject(RETURNED)
    await cache.getOrCompute(request, () => 'new', { refresh: true })
    expect(await at.raw.get(KEY)).toBe(`rawj:${JSON.stringify(OLD)}`)
  })

  test('of an operation with any name is removed by it', async () => {
    const cache = await at.openConnected({ keyStyle: 'legacy' })
    for (const operation of ['a:b', '50%']) {
      await cache.cacheResponse({ text: 'text', operation, response: 1 })
      expect(await cache.invalidateByOperation(operation)).toBe(1)
    }
  })
})

test('with other keys it is none of ours', async () => {
  const cache = await at.openConnected()
  const { text, operation, options } = request
  await cache.set(cache.buildKey(text, operation, options), OLD)
  expect(await cache.getCachedResponse(request)).toBeUndefined()
})
