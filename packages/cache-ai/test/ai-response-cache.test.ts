import { setTimeout as sleep } from 'node:timers/promises'
import { CacheError, SerializationError, ValidationError } from '@verbatim/cache-core'
import { freePort } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions } from '../src/index.js'
import { SetUp } from './set-up.js'

const at = new SetUp()
const open = (options?: AIResponseCacheOptions): AIResponseCache => at.open(options)

const request = {
  text: 'Long document to analyze...',
  operation: 'summarize',
  options: { max_length: 100, model: 'gpt-4' },
}
const response = { summary: 'Brief summary', confidence: 0.95 }

describe.each(['with Redis', 'without Redis'])('responses, %s', (situation) => {
  const options = async (): Promise<AIResponseCacheOptions> =>
    situation === 'with Redis' ? {} : { redisUrl: `redis://127.0.0.1:${await freePort()}` }

  test('are found again by their request', async () => {
    const cache = open(await options())
    await cache.cacheResponse({ ...request, response })
    const found = await cache.getCachedResponse(request)
    expect(found?.response).toEqual(response)
    expect(found?.cached.hit).toBe(true)
    expect(found?.cached.ageMs).toBeLessThan(10_000)
    expect(Date.parse(found?.cached.at ?? '')).toBeGreaterThan(Date.now() - 10_000)
  })

  test.each([
    ['text', { ...request, text: 'another' }],
    ['operation', { ...request, operation: 'sentiment' }],
    ['options', { ...request, options: { max_length: 101, model: 'gpt-4' } }],
    ['options', { text: request.text, operation: request.operation }],
    ['question', { ...request, question: 'Why?' }],
  ])('are not found by another %s', async (_part, other) => {
    const cache = open(await options())
    await cache.cacheResponse({ ...request, response })
    expect(await cache.getCachedResponse(other)).toBeUndefined()
  })

  test('may be null or another falsy value', async () => {
    const cache = open(await options())
    for (const falsy of [null, 0, false, '']) {
      await cache.cacheResponse({ ...request, response: falsy })
      expect((await cache.getCachedResponse(request))?.response).toBe(falsy)
    }
  })

  test('cannot be changed by their callers', async () => {
    const cache = open(await options())
    const mine = { tags: ['a'] }
    await cache.cacheResponse({ ...request, response: mine })
    mine.tags.push('changed by the writer')
    const found = await cache.getCachedResponse<{ tags: string[] }>(request)
    expect(() => found?.response.tags.push('changed by a reader')).toThrow(TypeError)
    expect((await cache.getCachedResponse(request))?.response).toEqual({ tags: ['a'] })
  })

  test('are computed once, and report which call computed', async () => {
    const cache = open(await options())
    let computed = 0
    const compute = async (): Promise<object> => {
      computed++
      await sleep(20)
      return response
    }
    const first = await Promise.all([1, 2, 3].map(() => cache.getOrCompute(request, compute)))
    expect(first.map(({ cached }) => cached.hit)).toEqual([false, false, false])
    const again = await cache.getOrCompute(request, compute)
    expect(again.cached.hit).toBe(true)
    expect(again.response).toEqual(response)
    expect(computed).toBe(1)
  })

  test('are not stored after a failed computation', async () => {
    const cache = open(await options())
    const failing = (): never => {
      throw new Error('the model is away')
    }
    await expect(cache.getOrCompute(request, failing)).rejects.toThrow('the model is away')
    await expect(cache.getOrCompute(request, () => undefined)).rejects.toThrow(
      'response must be any value but undefined',
    )
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('are removed by invalidateByOperation for one operation only', async () => {
    const cache = open(await options())
    for (const operation of ['qa', 'qa_long', 'q*', 'summarize']) {
      for (const text of ['one', 'two']) {
        await cache.cacheResponse({ text, operation, response })
      }
    }
    expect(await cache.invalidateByOperation('qa')).toBe(2)
    expect(await cache.getCachedResponse({ text: 'one', operation: 'qa' })).toBeUndefined()
    expect(await cache.getCachedResponse({ text: 'one', operation: 'qa_long' })).toBeDefined()
    expect(await cache.invalidateByOperation('q*')).toBe(2)
    expect(await cache.getCachedResponse({ text: 'two', operation: 'qa_long' })).toBeDefined()
    expect(await cache.invalidateByOperation('never_used')).toBe(0)
  })

  test('of one tenant are not found by another tenant', async () => {
    const cache = open(await options())
    const tenants = [undefined, 'a', 'b', 'a|b', '*', 'a%7Cb']
    for (const tenant of tenants) {
      for (const operation of ['qa', 'summarize']) {
        await cache.cacheResponse({ text: 'text', operation, tenant, response: String(tenant) })
      }
    }
    const answers = (): Promise<unknown[]> =>
      Promise.all(
        tenants.map(async (tenant) => {
          const found = await cache.getCachedResponse({ text: 'text', operation: 'qa', tenant })
          return found?.response
        }),
      )
    expect(await answers()).toEqual(tenants.map(String))
    expect(await cache.invalidateByOperation('qa', { tenant: 'a' })).toBe(1)
    expect(await answers()).toEqual(['undefined', undefined, 'b', 'a|b', '*', 'a%7Cb'])
    expect(await cache.forget('*')).toBe(2)
    expect(await cache.forget('a')).toBe(1)
    expect(await answers()).toEqual(['undefined', undefined, 'b', 'a|b', undefined, 'a%7Cb'])
    expect(await cache.invalidateByOperation('qa')).toBe(1)
    expect(await answers()).toEqual([undefined, undefined, 'b', 'a|b', undefined, 'a%7Cb'])
    await expect(cache.forget(undefined as unknown as string)).rejects.toThrow(
      'tenant must be a string',
    )
  })
})

describe('the statistics of a cache', () => {
  test('are by operation and by text size', async () => {
    const cache = open({ textSizeTiers: { small: 10, medium: 20, large: 30 } })
    const long = { text: 'x'.repeat(25), operation: 'qa' }
    expect(cache.getAiPerformanceSummary().totalOperations).toBe(0)
    expect(cache.getAiPerformanceSummary()).not.toHaveProperty('overallHitRate')
    await cache.cacheResponse({ ...long, response })
    await cache.getCachedResponse(long)
    await cache.getCachedResponse({ text: 'short', operation: 'sentiment' })
    await cache.getOrCompute({ text: 'short', operation: 'summarize' }, () => 'computed')
    await cache.getOrCompute({ text: 'short', operation: 'summarize' }, () => 'computed')
    expect(cache.getAiPerformanceSummary()).toMatchObject({
      totalOperations: 4,
      overallHitRate: 50,
      hitRateByOperation: { qa: 100, sentiment: 0, summarize: 50 },
      textTierDistribution: { small: 3, medium: 0, large: 2, xlarge: 0 },
      keyGenerationStats: { totalKeysGenerated: 5 },
      inheritedStats: { cacheHits: 2, cacheMisses: 2 },
    })
    expect(cache.getPerformanceSummary()).toMatchObject({
      hitRatio: 50,
      cacheHits: 2,
      cacheMisses: 2,
      hitsByOperation: { qa: 1, sentiment: 0, summarize: 1 },
      missesByOperation: { qa: 0, sentiment: 1, summarize: 1 },
    })
    expect(cache.getTextTierStatistics().tierHitRates).toEqual({
      small: 33.33333333333333,
      large: 100,
    })
    expect(Object.keys(cache.getOperationPerformance().operations)).toEqual([
      'qa',
      'sentiment',
      'summarize',
    ])
  })

  test('include memory and invalidations', async () => {
    const cache = open()
    await cache.cacheResponse({ ...request, response })
    await cache.invalidateByOperation(request.operation)
    expect(cache.getInvalidationFrequencyStats()).toMatchObject({ rates: { lastHour: 1 } })
    expect(cache.getInvalidationRecommendations()).toEqual([])
    cache.recordMemoryUsage({ memoryCacheBytes: 200_000_000, memoryCacheEntries: 1 })
    expect(cache.getMemoryWarnings()).toMatchObject([{ severity: 'critical' }])
  })

  test('reject wrong text sizes', () => {
    expect(() => open({ textSizeTiers: { small: 5, medium: 5, large: 6 } })).toThrow(
      'textSizeTiers must be an object in which small < medium < large',
    )
  })
})

describe('TTLs', () => {
  test.each([
    ['summarize', undefined, 7_200],
    ['sentiment', undefined, 86_400],
    ['qa', undefined, 1_800],
    ['translate', undefined, 3_600],
    ['qa', 60, 60],
    ['classify', undefined, 600],
    ['qa', '5m' as const, 300],
  ])('of %s with the option %s are %d s', async (operation, ttl, seconds) => {
    const cache = open({ operationTtls: { classify: '10m' } })
    await cache.cacheResponse({ text: 'text', operation, response, ttl })
    const left = await cache.getTtl(cache.buildKey('text', operation))
    expect(left).toBeGreaterThan(seconds - 10)
    expect(left).toBeLessThanOrEqual(seconds)
  })

  test('of null never expire, for a call and for an operation', async () => {
    const cache = open({ operationTtls: { glossary: null } })
    await cache.cacheResponse({ ...request, response, ttl: null })
    expect(
      await cache.getTtl(cache.buildKey(request.text, 'summarize', request.options)),
    ).toBeNull()
    await cache.getOrCompute({ text: 'text', operation: 'glossary' }, () => 1)
    expect(await cache.getTtl(cache.buildKey('text', 'glossary'))).toBeNull()
  })
})

test('keys in Redis are the prefix ai_cache: and the key of the generator', async () => {
  const cache = open()
  await cache.cacheResponse({ text: 'Test text', operation: 'sentiment', response })
  // Without the records that the cache keeps about its prefix.
  const names = (await at.raw.keys('*')).filter((name) => !name.includes('\0'))
  expect(names).toEqual(['ai_cache:op:sentiment|txt:Test text'])
  expect(cache.buildKey('Test text', 'sentiment')).toBe('op:sentiment|txt:Test text')
  expect(await cache.get(cache.buildKey('Test text', 'sentiment'))).toMatchObject({ response })
})

test('undefined options are the same as no options', async () => {
  const cache = open({ keyPrefix: undefined, isolation: undefined, operationTtls: undefined })
  await cache.cacheResponse({ ...request, response })
  expect(await at.raw.keys('ai_cache:op:*')).toHaveLength(1)
  expect(Object.isFrozen((await cache.getCachedResponse(request))?.response)).toBe(true)
})

test('a value of another program under a key of a response is a miss', async () => {
  const cache = open()
  const { text, operation, options } = request
  await cache.set(cache.buildKey(text, operation, options), 'plain')
  expect(await cache.getCachedResponse(request)).toBeUndefined()
  expect((await cache.getOrCompute(request, () => response)).response).toEqual(response)
  expect((await cache.getCachedResponse(request))?.response).toEqual(response)
})

test('a plain getOrSet of the same key shares its value', async () => {
  const cache = open()
  await cache.connect()
  const { text, operation, options } = request
  const load = async (): Promise<string> => {
    await sleep(50)
    return 'plain'
  }
  const plain = cache.getOrSet(cache.buildKey(text, operation, options), load)
  const computed = await cache.getOrCompute(request, load)
  expect(await plain).toBe('plain')
  expect(computed.response).toBe('plain')
  expect(computed.cached.hit).toBe(false)
})

test('1,000 stores, 1,000 hits and 1,000 misses are counted exactly', async () => {
  const cache = open({ l1CacheSize: 100 })
  const requests = Array.from({ length: 1_000 }, (_, index) => ({
    text: `text ${index}`,
    operation: 'qa',
  }))
  for (const each of requests) await cache.cacheResponse({ ...each, response })
  for (const each of requests) await cache.getCachedResponse(each)
  for (const each of requests) await cache.getCachedResponse({ ...each, question: 'Why?' })
  expect(cache.getStats()).toMatchObject({ hits: 1_000, misses: 1_000, hitRate: 50 })
  expect(cache.getCacheHitRatio()).toBe(50)
  expect(cache.getPerformanceStats()).toMatchObject({
    cacheHits: 1_000,
    cacheMisses: 1_000,
    cacheHitRate: 50,
    totalCacheOperations: 3_000,
  })
})

describe('wrong arguments are rejected', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ ...request, text: '' }, 'text must be a non-empty string; received an empty string'],
    [{ ...request, operation: '' }, 'operation must be a string of 1 to 64 characters'],
    [{ ...request, options: 'none' }, 'options must be a plain object; received a string'],
    [{ ...request, question: 1 }, 'question must be a string'],
    [{ ...request, response: undefined }, 'response must be any value but undefined'],
    [{ ...request, ttl: 0 }, 'ttl must be seconds'],
  ])('in request %#', async (given, message) => {
    const stored = { response, ...given } as unknown as Parameters<
      AIResponseCache['cacheResponse']
    >[0]
    await expect(open().cacheResponse(stored)).rejects.toThrow(ValidationError)
    await expect(open().cacheResponse(stored)).rejects.toThrow(message)
    expect(await at.raw.dbsize()).toBe(0)
  })

  test.each([undefined, null, 'text'])('as the request %j', async (nothing) => {
    const [cache, given] = [open(), nothing as never]
    await expect(cache.cacheResponse(given)).rejects.toThrow(ValidationError)
    await expect(cache.getCachedResponse(given)).rejects.toThrow('request must be a plain object')
    await expect(cache.getOrCompute(given, () => 1)).rejects.toThrow(ValidationError)
  })

  test.each([['tag'], [[1]], [['']]])('as the tags %j', async (given) => {
    const tags = given as never
    const cache = open()
    await expect(cache.cacheResponse({ ...request, response, tags })).rejects.toThrow('tags')
    await expect(cache.getOrCompute(request, () => 1, { tags })).rejects.toThrow('tags')
  })

  test('as a response that cannot be serialized', async () => {
    const cached = open().cacheResponse({ ...request, response: { stream: () => 1 } })
    await expect(cached).rejects.toThrow(SerializationError)
  })

  test.each<[Record<string, unknown>, string]>([
    [{ operationTtls: { qa: -1 } }, 'operationTtls["qa"] must be seconds'],
    [{ operationTtls: [] }, 'operationTtls must be a plain object'],
    [{ textHashThreshold: 0 }, 'textHashThreshold must be'],
    [{ l1CacheSize: 0 }, 'l1CacheSize must be'],
  ])('as the option %j', (options, message) => {
    const given = { redisUrl: at.redis.url, ...options }
    expect(() => new AIResponseCache(given)).toThrow(CacheError)
    expect(() => new AIResponseCache(given)).toThrow(message)
  })
})
