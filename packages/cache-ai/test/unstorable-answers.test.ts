import { describe, expect, test } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions } from '../src/index.js'
import { refusals, SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'List the steps.', operation: 'qa' }

class Message {
  content = 'the answer'
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return { inside: proxy }
}

const failing = (): never => {
  throw new Error('unreadable')
}

describe.each<[string, (options?: AIResponseCacheOptions) => Promise<AIResponseCache>]>([
  ['with Redis', (options) => at.openConnected(options)],
  ['memory only', async (options) => new AIResponseCache(options)],
])('%s', (_where, open) => {
  describe.each<[string, () => object]>([
    ['has a getter that throws', () => Object.defineProperty({}, 'a', GETTER)],
    ['is a proxy that hides its fields', () => new Proxy({ a: 1 }, { ownKeys: failing })],
    ['is a proxy that hides its class', () => new Proxy({ a: 1 }, { getPrototypeOf: failing })],
    ['contains a revoked proxy', revoked],
  ])('a response that %s', (_what, make) => {
    test.each<AIResponseCacheOptions>([
      {},
      { serialize: (response) => response },
      { revive: (data) => data },
    ])('reaches its caller, and the reason not to store it is reported (%o)', async (options) => {
      const messages: string[] = []
      const warn = (message: string): number => messages.push(message)
      const logger = { debug: () => {}, info: () => {}, warn, error: warn }
      const cache = await open({ ...options, logger })
      const codes = refusals(cache)
      const made = make()
      const { response } = await cache.getOrCompute(request, () => made)
      // An assertion that prints the response would read it.
      expect(response === made).toBe(true)
      expect(codes).toEqual(['STORE_FAILED'])
      expect(cache.getStats().notStored).toEqual({ STORE_FAILED: 1 })
      expect(messages.join()).toContain('reading the response threw an error')
      await cache.close()
    })

    test('is rejected by cacheResponse', async () => {
      const cache = await open()
      const call = cache.cacheResponse({ ...request, response: make() })
      await expect(call).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await cache.close()
    })
  })

  describe('with serialize and without revive, the caller that computed gets its response', () => {
    test.each<[string, unknown, string]>([
      ['an instance of a class', new Message(), 'an instance of Message'],
      ['an object with a function', { n: 1, count: () => 1 }, 'a function'],
      ['a function', () => 1, 'a function'],
    ])('when serialize returns %s', async (_what, data, what) => {
      const cache = await open({ serialize: () => data })
      const messages: string[] = []
      cache.on('not_stored', (_key, { code, message }) => messages.push(`${code} ${message}`))
      const call = async (): Promise<unknown> =>
        (await cache.getOrCompute(request, () => ({ a: 1 }))).response
      expect(await Promise.all([call(), call()])).toEqual([{ a: 1 }, { a: 1 }])
      expect(messages).toEqual([
        expect.stringContaining(
          `NOT_SERIALIZABLE serialize must return plain data; received ${what}`,
        ),
      ])
      expect(await cache.getCachedResponse(request)).toBeUndefined()
      await cache.close()
    })

    test.each(['freeze', 'clone', 'none'] as const)(
      'and later callers get the data (isolation %s)',
      async (isolation) => {
        const serialize = (response: unknown): unknown => (response as Message).content
        const cache = await open({ isolation, serialize })
        const made = new Message()
        const { response, cached } = await cache.getOrCompute(request, () => made)
        expect([response, cached.joined]).toEqual([made, false])
        const later = await cache.getOrCompute(request, () => new Message())
        expect([later.response, later.cached.hit]).toEqual(['the answer', true])
        await cache.close()
      },
    )

    test('and the ttl function gets that response', async () => {
      const cache = await open({ serialize: () => 'data' })
      const ttl = ({ seconds }: { readonly seconds: number }): number => seconds
      await cache.getOrCompute(request, () => ({ seconds: 60 }), { ttl })
      expect(await cache.getTtl(cache.buildKey(request.text, 'qa'))).toBeCloseTo(60, -1)
      await cache.close()
    })

    test('when the data are too large', async () => {
      const cache = await at.openConnected({ serialize: () => LARGE, maxValueBytes: 1_024 })
      const codes = refusals(cache)
      expect((await cache.getOrCompute(request, () => ({ a: 1 }))).response).toEqual({ a: 1 })
      expect(codes).toEqual(['VALUE_TOO_LARGE'])
    })

    test('when Redis has no memory left', async () => {
      const cache = await at.openConnected({ serialize: () => 'data' })
      await at.raw.config('SET', 'maxmemory', '1')
      try {
        expect((await cache.getOrCompute(request, () => ({ a: 1 }))).response).toEqual({ a: 1 })
      } finally {
        await at.raw.config('SET', 'maxmemory', '0')
      }
    })

    test('from a batch, too', async () => {
      const cache = await open({ serialize: () => 'data' })
      const other = { ...request, text: 'Why?' }
      const found = await cache.getOrComputeMany([request, other], async () => [{ a: 1 }, { a: 2 }])
      expect(found.map(({ response }) => response)).toEqual([{ a: 1 }, { a: 2 }])
      await cache.close()
    })
  })

  test('with serialize and revive, the error of data that cannot be copied names serialize', async () => {
    const cache = await open({ serialize: () => () => 1, revive: (data) => data })
    const messages: string[] = []
    cache.on('not_stored', (_key, { message }) => messages.push(message))
    expect((await cache.getOrCompute(request, () => 'answer')).response).toBe('answer')
    expect(messages).toEqual([
      expect.stringContaining('serialize must return plain data; received a function'),
    ])
    await cache.close()
  })

  test('a response reaches its caller when revive accepts its data only once', async () => {
    let calls = 0
    const cache = await open({
      serialize: () => 'data',
      revive: () => (calls++ === 0 ? 'revived' : failing()),
    })
    expect((await cache.getOrCompute(request, () => 'answer')).response).toBe('answer')
    await cache.close()
  })
})

const GETTER = { enumerable: true, get: failing }
const LARGE = Array.from({ length: 1_000 }, (_, index) => Math.sin(index))
