import { describe, expect, test } from 'vitest'
import { SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: '😀'.repeat(600), operation: 'qa', question: 'Why?' }

test('getCachedResponse returns the response and its metadata', async () => {
  const cache = await at.openConnected()
  await cache.cacheResponse({ ...request, response: { answer: 42 } })
  expect(await cache.getCachedResponse(request)).toEqual({
    response: { answer: 42 },
    cached: {
      hit: true,
      joined: false,
      stale: false,
      tier: 'redis',
      key: cache.buildKey(request.text, 'qa', {}, 'Why?'),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      ageMs: expect.any(Number),
      textTier: 'medium',
    },
  })
})

test("getOrCompute reports 'none' to the caller that computed and the tier to later callers", async () => {
  const cache = await at.openAlone()
  const cached = async (): Promise<unknown> => (await cache.getOrCompute(request, () => 1)).cached
  expect(await cached()).toMatchObject({ hit: false, tier: 'none' })
  expect(await cached()).toMatchObject({ hit: true, tier: 'memory' })
})

test('a stale response is a hit in its tier', async () => {
  const cache = await at.openAlone()
  const compute = (): Promise<unknown> =>
    cache.getOrCompute(request, () => 1, { ttl: '20ms', staleWhileRevalidate: '1h' })
  await compute()
  await expect.poll(() => cache.getCachedResponse(request), { interval: 5 }).toBeUndefined()
  expect(await compute()).toMatchObject({ cached: { hit: true, stale: true, tier: 'memory' } })
})

test('a response with an undefined TTL has the TTL of its operation', async () => {
  const cache = await at.openAlone()
  await cache.getOrCompute(request, () => 1, { ttl: undefined })
  const seconds = await cache.getTtl(cache.buildKey(request.text, 'qa', {}, 'Why?'))
  expect(seconds).toBeCloseTo(1_800, -1)
})

test('a response is not stored when its computation calls skip', async () => {
  const cache = await at.openConnected()
  const { response, cached } = await cache.getOrCompute(request, ({ skip }) => {
    skip()
    return 'incomplete'
  })
  expect([response, cached.hit]).toEqual(['incomplete', false])
  expect(await cache.getCachedResponse(request)).toBeUndefined()
})

describe('the flat shape', () => {
  const metadata = {
    cached_at: expect.stringMatching(/Z$/),
    cache_hit: true,
    retrieved_at: expect.stringMatching(/Z$/),
    text_length: 600,
    text_tier: 'medium',
    operation: 'qa',
    question_provided: true,
  }

  test.each<[unknown, object]>([
    [{ answer: 42 }, { answer: 42, ...metadata }],
    ['text', { response: 'text', ...metadata }],
    [null, { response: null, ...metadata }],
    [[1, 2], { response: [1, 2], ...metadata }],
    [new Date(5), { response: new Date(5), ...metadata }],
    [new Map([[1, 2]]), { response: new Map([[1, 2]]), ...metadata }],
    // What the response says itself is not lost.
    [{ operation: 'mine' }, { ...metadata, operation: 'mine' }],
  ])('of %j', async (response, flat) => {
    const cache = await at.openConnected()
    await cache.cacheResponse({ ...request, response })
    expect(await cache.getCachedResponse(request, { shape: 'flat' })).toEqual(flat)
    expect((await cache.getCachedResponse(request))?.response).toEqual(response)
  })

  test('of what is not there is undefined', async () => {
    const cache = await at.openAlone()
    expect(await cache.getCachedResponse(request, { shape: 'flat' })).toBeUndefined()
  })
})

describe('getCacheStats', () => {
  test('returns the state of Redis', async () => {
    const cache = await at.openConnected()
    for (const text of ['a', 'b']) await cache.cacheResponse({ ...request, text, response: 1 })
    await at.raw.set('somebody', 'else')
    await cache.getCachedResponse({ ...request, text: 'a' })
    const stats = await cache.getCacheStats()
    expect(stats).toMatchObject({
      redis: { status: 'connected', keys: 2 },
      memory: { maxSize: 100 },
      performance: { cacheHits: 1 },
      ai: { totalOperations: 1, hitRateByOperation: { qa: 100 } },
    })
    expect((await cache.getCacheStats({ countKeys: false })).redis).not.toHaveProperty('keys')
  })

  test('reports that no Redis is configured or available', async () => {
    const cache = await at.openAlone({ enableL1Cache: false })
    expect(await cache.getCacheStats()).toMatchObject({
      redis: { status: 'unavailable' },
      memory: undefined,
    })
  })

  test('reports the code of the error when Redis refuses to return its state', async () => {
    await at.raw.call('ACL', 'SETUSER', 'curt', 'on', '>secret', '~*', '&*', '+@all', '-info')
    const redisUrl = at.redis.url.replace('//', '//curt:secret@')
    const cache = await at.openConnected({ redisUrl })
    expect((await cache.getCacheStats()).redis).toEqual({
      status: 'error',
      code: 'BACKEND_REFUSED',
    })
  })
})
