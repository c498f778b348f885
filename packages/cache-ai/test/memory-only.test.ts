import { setTimeout as sleep } from 'node:timers/promises'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { describe, expect, test } from 'vitest'
import { AIResponseCache } from '../src/index.js'

testCacheContract('AIResponseCache (memory only)', {
  create: () => new AIResponseCache({ l1CacheSize: 1_000 }),
  advance: (milliseconds) => sleep(milliseconds),
})

const request = {
  text: 'Test text',
  operation: 'qa',
  options: { model: 'gpt-4' },
  question: 'Why?',
}

describe('an AIResponseCache without a Redis', () => {
  test('has the mode memory', async () => {
    for (const settings of [undefined, {}, { redisUrl: undefined }]) {
      await using cache = new AIResponseCache(settings)
      expect(await cache.connect()).toBe(false)
      expect(cache.getStats()).toMatchObject({ mode: 'memory', redis: { errors: {} } })
    }
  })

  test('stores, finds, computes and invalidates responses', async () => {
    await using cache = new AIResponseCache()
    await cache.cacheResponse({ ...request, response: { answer: 42 } })
    expect(await cache.getCachedResponse(request)).toMatchObject({
      response: { answer: 42 },
      cached: { hit: true, tier: 'memory' },
    })
    const compute = (): string => 'computed'
    const computed = await cache.getOrCompute({ ...request, tenant: 'ada' }, compute)
    expect(computed).toMatchObject({ response: 'computed', cached: { hit: false, tier: 'none' } })
    expect(await cache.forget('ada')).toBe(1)
    expect(await cache.invalidateByOperation('qa')).toBe(1)
    await cache.cacheResponse({ ...request, response: 1 })
    await cache.invalidateByModel('gpt-4')
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('reports in its stats that no Redis is configured', async () => {
    await using cache = new AIResponseCache()
    await cache.cacheResponse({ ...request, response: 1 })
    const stats = await cache.getCacheStats()
    expect(stats.redis).toEqual({ status: 'not_configured' })
    expect(stats.memory?.totalEntries).toBe(1)
  })
})
