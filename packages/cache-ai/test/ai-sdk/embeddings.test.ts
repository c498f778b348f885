import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer, vectorOf } from '@verbatim/model-server'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddingCacheMiddleware, SHARED } from '../../src/ai-sdk/index.js'
import { SDKS } from './versions.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

function middlewareOf(cache = new InMemoryCache()) {
  return createEmbeddingCacheMiddleware({ cache, tenant: SHARED })
}

describe.each(SDKS)('embeddings of AI SDK $version', ({ ai, embedding }) => {
  test('only the values that are not stored are sent, and the order is kept', async () => {
    const middleware = middlewareOf()
    const model = embedding(server.url, middleware)
    await ai.embed({ model, value: 'tea' })
    const values = ['coffee', 'tea', 'water', 'coffee']
    const { embeddings, usage } = await ai.embedMany({ model, values })
    expect(embeddings).toEqual(values.map(vectorOf))
    expect(server.requests.map(({ body }) => body['input'])).toEqual([['tea'], ['coffee', 'water']])
    const again = await ai.embedMany({ model, values })
    expect(again.embeddings).toEqual(embeddings)
    expect([usage.tokens, again.usage.tokens]).toEqual([2, 0])
    expect(middleware.getStats().calls).toEqual({ HIT: 5, MISS: 3, COALESCED: 1 })
  })

  test('calls at the same time send each value once', async () => {
    const model = embedding(server.url, middlewareOf())
    const calls = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
    ]
    const results = await Promise.all(calls.map((values) => ai.embedMany({ model, values })))
    for (const [index, { embeddings }] of results.entries())
      expect(embeddings).toEqual(calls[index]?.map(vectorOf))
    expect(server.requests.flatMap(({ body }) => body['input'] as string[]).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ])
  })
})

describe('a model that gives wrong embeddings', () => {
  const wrong = (embeddings: unknown) => ({
    ...{ specificationVersion: 'v3', provider: 'test', modelId: 'test', calls: 0 },
    async doEmbed() {
      this.calls++
      return { embeddings, warnings: [] }
    },
  })
  test.each<[string, unknown]>([
    ['too few', [[1, 2]]],
    ['of different lengths', [[1, 2], [1]]],
    [
      'not finite',
      [
        [1, 2],
        [1, Number.NaN],
      ],
    ],
    ['empty', [[], []]],
  ])('reaches the caller, and nothing is stored: %s', async (_name, embeddings) => {
    const cache = new InMemoryCache()
    const middleware = middlewareOf(cache)
    const model = wrong(embeddings)
    const result = await middleware.wrapEmbed({ model, params: { values: ['a', 'b'] } })
    expect((result as { embeddings: unknown }).embeddings).toBe(embeddings)
    expect([model.calls, cache.getStats().totalEntries]).toEqual([1, 0])
  })
})
