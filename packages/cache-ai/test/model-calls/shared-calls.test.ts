import { InMemoryCache } from '@verbatim/cache-memory'
import { freePort } from '@verbatim/test-support'
import { describe, expect, test, vi } from 'vitest'
import { createCacheMiddleware, SHARED } from '../../src/ai-sdk/index.js'
import { AIResponseCache } from '../../src/index.js'
import { gates, testModel } from '../ai-sdk/test-model.js'
import { SetUp } from '../set-up.js'

const at = new SetUp()

/** Returns a model that waits for a gate, and calls of it through one middleware. */
function open() {
  const gate = gates()
  const model = testModel({ beforePart: gate.wait })
  const cache = new InMemoryCache()
  const middleware = createCacheMiddleware({ cache, tenant: SHARED })
  const ask = async (verbatim: object = {}): Promise<unknown> => {
    const params = { prompt: [], providerOptions: { verbatim } }
    const result = await middleware.wrapGenerate({ model, params })
    return Object(Object(result.providerMetadata).verbatim).status
  }
  const hasAsked = (calls: number) => vi.waitFor(() => expect(model.calls).toBe(calls))
  return { gate, model, cache, middleware, ask, hasAsked }
}

describe('options of callers that share a call', () => {
  test('a caller with noStore joins a call, and the answer is stored for the other caller', async () => {
    const { gate, model, ask, hasAsked } = open()
    const first = ask()
    await hasAsked(1)
    const joined = ask({ noStore: true })
    gate.open(99)
    expect(await Promise.all([first, joined])).toEqual(['MISS', 'COALESCED'])
    expect(await ask()).toBe('HIT')
    expect(model.calls).toBe(1)
  })

  test('a call that is to be stored does not join one with noStore', async () => {
    const { gate, model, ask, hasAsked } = open()
    const first = ask({ noStore: true })
    await hasAsked(1)
    const joined = [ask({ noStore: true }), ask()]
    await hasAsked(2)
    gate.open(99)
    expect(await Promise.all([first, ...joined])).toEqual(['MISS', 'COALESCED', 'MISS'])
    expect(await ask()).toBe('HIT')
    expect(model.calls).toBe(2)
  })

  test('an answer is not stored without the tag of a caller that joined later', async () => {
    const { gate, model, middleware, ask, hasAsked } = open()
    const first = ask({ tags: ['tea'] })
    await hasAsked(1)
    const joined = [ask({ tags: ['tea'] }), ask({ tags: ['coffee'] })]
    await new Promise((resolve) => setImmediate(resolve))
    gate.open(99)
    expect(await Promise.all([first, ...joined])).toEqual(['MISS', 'COALESCED', 'COALESCED'])
    expect(middleware.getStats().notStored).toEqual({ late_tags: 1 })
    expect(await ask()).toBe('MISS')
    expect(model.calls).toBe(2)
  })

  test('a call with refresh does not join an older call, and its answer replaces that of the older one', async () => {
    const { gate, model, ask, hasAsked } = open()
    const first = ask()
    await hasAsked(1)
    const refreshed = [ask({ refresh: true }), ask({ refresh: true })]
    await hasAsked(2)
    gate.open(99)
    expect(await Promise.all([first, ...refreshed])).toEqual(['MISS', 'REFRESH', 'COALESCED'])
    expect(await ask()).toBe('HIT')
    expect(model.calls).toBe(2)
  })

  test('a shorter TTL of a caller that joined holds', async () => {
    const { gate, cache, ask, hasAsked } = open()
    const reads = vi.spyOn(cache, 'get')
    const first = ask({ ttl: '1h' })
    await hasAsked(1)
    const joined = ask({ ttl: '1m' })
    await new Promise((resolve) => setImmediate(resolve))
    gate.open(99)
    await Promise.all([first, joined])
    const ttl = await cache.getTtl(reads.mock.calls[0]?.[0] ?? '')
    expect(ttl).toBeLessThanOrEqual(60)
    expect(ttl).toBeGreaterThan(0)
  })
})

test('a call of another form waits for the running one, or asks when that stored nothing', async () => {
  const { gate, model, middleware, ask, hasAsked } = open()
  const first = ask()
  await hasAsked(1)
  const other = Object.assign(testModel(), { specificationVersion: 'v4' })
  const joined = middleware.wrapGenerate({ model: other, params: { prompt: [] } })
  await new Promise((resolve) => setImmediate(resolve))
  gate.open(99)
  expect(await first).toBe('MISS')
  expect((await joined).providerMetadata.verbatim.status).toBe('COALESCED')
  expect([model.calls, other.calls]).toEqual([1, 0])
})

test('a Redis that does not respond delays a call by its time limits only', async () => {
  const redis = await at.openConnected({ commandTimeout: 100 })
  const middleware = createCacheMiddleware({ cache: redis, tenant: SHARED, tags: ['tea'] })
  const ask = (seed: number) =>
    middleware.wrapGenerate({ model: testModel(), params: { prompt: [], seed } })
  await ask(1)
  at.redis.pause()
  try {
    // Without time limits, it would wait until Redis goes on.
    expect((await ask(2)).content).toContainEqual({ type: 'text', text: 'Boil, pour.' })
  } finally {
    at.redis.resume()
  }
})

test('calls run while Redis does not exist, and are stored in memory', async () => {
  const cache = new AIResponseCache({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
  const middleware = createCacheMiddleware({ cache, tenant: SHARED })
  const model = testModel()
  for (const status of ['MISS', 'HIT']) {
    const result = await middleware.wrapGenerate({ model, params: { prompt: [] } })
    expect(result.providerMetadata.verbatim.status).toBe(status)
  }
  await cache.close()
})
