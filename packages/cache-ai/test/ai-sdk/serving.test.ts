import { CacheInterface, ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { freePort, recordingLogger } from '@verbatim/test-support'
import { describe, expect, test, vi } from 'vitest'
import {
  type CacheMiddlewareOptions,
  createCacheMiddleware,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { AIResponseCache } from '../../src/index.js'
import { SetUp } from '../set-up.js'
import { COMPLETE, streamOfParts, testModel, textOf } from './test-model.js'

const at = new SetUp()
const params = { prompt: [] }
const TEXT = 'Boil, pour.'

function middlewareOf(options: Partial<CacheMiddlewareOptions> = {}) {
  return createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED, ...options })
}

function statusOf(result: unknown): unknown {
  return Object(Object(Object(result).providerMetadata).verbatim).status
}

/** A cache whose backend fails every call. */
class BrokenCache extends CacheInterface {
  override get = () => Promise.reject(new Error('broken'))
  override set = () => Promise.reject(new Error('broken'))
  override delete = () => Promise.reject(new Error('broken'))
  override exists = () => Promise.reject(new Error('broken'))
}

describe('a cache that does not work never breaks a call', () => {
  test('the call runs without it, and the status says why', async () => {
    const logger = recordingLogger()
    const middleware = middlewareOf({ cache: new BrokenCache(), logger })
    const model = testModel()
    for (const _ of [1, 2]) {
      const result = await middleware.wrapGenerate({ model, params })
      expect(result.providerMetadata.verbatim).toMatchObject({
        ...{ status: 'BYPASS', reason: 'store_unavailable' },
      })
    }
    const { stream } = await middleware.wrapStream({ model, params })
    expect(await textOf(stream as ReadableStream)).toBe(TEXT)
    expect(middleware.getStats().notStored).toEqual({ store_failed: 3 })
    expect(logger.lines.join()).toContain('the cache could not be read')
  })

  test('calls run while Redis is unreachable', async () => {
    const cache = new AIResponseCache({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
    const middleware = middlewareOf({ cache })
    const model = testModel()
    expect((await middleware.wrapGenerate({ model, params })).content).toContainEqual({
      ...{ type: 'text', text: TEXT },
    })
    await cache.close()
  })

  test('a tenant function that fails bypasses the cache', async () => {
    const middleware = middlewareOf({ tenant: () => '' })
    const result = await middleware.wrapGenerate({ model: testModel(), params })
    expect(result.providerMetadata.verbatim).toEqual({ status: 'BYPASS', reason: 'invalid_tenant' })
  })
})

test('an answer is read from Redis by another process, with all of its parts', async () => {
  const model = testModel()
  const [one, other] = [await at.openConnected(), await at.openConnected()]
  const { stream } = await middlewareOf({ cache: one }).wrapStream({ model, params })
  const live = await collected(stream)
  const replay = await middlewareOf({ cache: other }).wrapStream({ model, params })
  const parts = await collected(replay.stream)
  expect(model.calls).toBe(1)
  expect(parts.map(({ type }) => type)).toEqual(live.map(({ type }) => type))
  expect(parts.find(({ type }) => type === 'reasoning-end')).toMatchObject({
    providerMetadata: { anthropic: { signature: 'sig' } },
  })
  for await (const key of other.scan()) expect(key).toMatch(/^model:1:shared:language:[\w-]{43}$/)
})

test('an entry of another request is not used, and is reported', async () => {
  const logger = recordingLogger()
  const cache = new InMemoryCache()
  const middleware = middlewareOf({ cache, logger })
  const model = testModel()
  await middleware.wrapGenerate({ model, params })
  for await (const key of cache.scan()) {
    const entry = await cache.get<object>(key)
    await cache.set(key, { ...entry, check: '1:another' })
  }
  expect(statusOf(await middleware.wrapGenerate({ model, params }))).toBe('MISS')
  expect(logger.lines.join()).toContain('belongs to another request')
})

test('a call with onlyIfCached never asks the model, also if it cannot use the cache', async () => {
  const middleware = middlewareOf({ cacheStatefulCalls: false })
  const model = testModel()
  const calls = [
    { openai: { store: true }, verbatim: { onlyIfCached: true } },
    { verbatim: { onlyIfCached: true, ttl: 'soon' } },
    { verbatim: { onlyIfCached: true, maxAge: 0 } },
  ]
  for (const providerOptions of calls)
    for (const wrap of [middleware.wrapGenerate, middleware.wrapStream])
      await expect(wrap({ model, params: { prompt: [], providerOptions } })).rejects.toMatchObject({
        code: 'NOT_CACHED',
      })
  expect(model.calls).toBe(0)
})

test('a maxAge of 0 asks for a new answer, and a staleWhileRevalidate of 0 for none', async () => {
  const middleware = middlewareOf({ staleWhileRevalidate: 0 })
  const model = testModel()
  const ask = async (verbatim: object): Promise<unknown> =>
    statusOf(
      await middleware.wrapGenerate({
        model,
        params: { prompt: [], providerOptions: { verbatim } },
      }),
    )
  expect(await ask({})).toBe('MISS')
  expect(await ask({ maxAge: 0 })).toBe('REFRESH')
  expect(await ask({ staleWhileRevalidate: 0 })).toBe('HIT')
})

test('an answer past its TTL is served while a new one is requested', async () => {
  const clock = new ManualClock()
  const cache = new InMemoryCache({ clock })
  const middleware = middlewareOf({ cache, clock, ttl: '1m', staleWhileRevalidate: '1h' })
  const model = testModel()
  await middleware.wrapGenerate({ model, params })
  clock.advance(61_000)
  const stale = await middleware.wrapGenerate({ model, params })
  expect(stale.providerMetadata.verbatim).toMatchObject({ status: 'STALE', ageMs: 61_000 })
  await vi.waitFor(async () => {
    expect(statusOf(await middleware.wrapGenerate({ model, params }))).toBe('HIT')
  })
  expect(model.calls).toBe(2)
  clock.advance(3_661_000)
  expect(statusOf(await middleware.wrapGenerate({ model, params }))).toBe('MISS')
})

test('maxAge ignores an older answer, and ageMs is the age', async () => {
  const clock = new ManualClock()
  const middleware = middlewareOf({ cache: new InMemoryCache({ clock }), clock })
  const model = testModel()
  const ask = (maxAge: string) =>
    middleware.wrapGenerate({
      model,
      params: { ...params, providerOptions: { verbatim: { maxAge } } },
    })
  await ask('1s')
  clock.advance(5_000)
  expect((await ask('10s')).providerMetadata.verbatim).toMatchObject({
    status: 'HIT',
    ageMs: 5_000,
  })
  expect(statusOf(await ask('1s'))).toBe('MISS')
})

test('tags of the adapter, of the call and of a call that joined remove the answer', async () => {
  const cache = new InMemoryCache()
  const middleware = middlewareOf({ cache, tags: ['all'] })
  const model = testModel()
  const ask = (...tags: string[]) =>
    middleware.wrapGenerate({
      model,
      params: { ...params, providerOptions: { verbatim: { tags } } },
    })
  for (const tag of ['all', 'first', 'joined']) {
    await Promise.all([ask('first'), ask('joined')])
    expect(statusOf(await ask())).toBe('HIT')
    await cache.invalidateTags([tag])
    expect(statusOf(await ask('first'))).toBe('MISS')
    await cache.clear()
  }
})

test('shouldStore rejects complete answers, is not asked about others, and cannot fail a call', async () => {
  const asked: string[] = []
  const shouldStore = vi.fn((answer: { finishReason: { unified: string } }) => {
    asked.push(answer.finishReason.unified)
    if (asked.length === 2) throw new Error('broken')
    return false
  })
  const middleware = middlewareOf({ shouldStore })
  for (const finishReason of ['stop', 'stop', 'length']) {
    const parts = COMPLETE.map((part) =>
      part.type === 'finish' ? { ...part, finishReason } : part,
    )
    await middleware.wrapGenerate({ model: testModel({ parts }), params })
  }
  expect(asked).toEqual(['stop', 'stop'])
  expect(middleware.getStats().notStored).toEqual({ rejected: 2, finish_reason: 1 })
})

describe('replay', () => {
  test.each(['instant', 'recorded', 'smooth'] as const)(
    '%s gives the whole text',
    async (replay) => {
      const middleware = middlewareOf({ replay })
      const model = testModel({
        beforePart: () => new Promise((resolve) => setTimeout(resolve, 2)),
      })
      const live = await collected((await middleware.wrapStream({ model, params })).stream)
      const parts = await collected((await middleware.wrapStream({ model, params })).stream)
      const text = (all: typeof parts) =>
        all.map(({ delta }) => (typeof delta === 'string' ? delta : '')).join('')
      expect(text(parts)).toBe(text(live))
      expect(parts.at(-1)?.type).toBe('finish')
    },
  )

  test('smooth never splits a character, and stops when the reader aborts', async () => {
    const emoji = '🍵'.repeat(20)
    const parts = COMPLETE.map((part) =>
      part.type === 'text-delta' ? Object.assign({}, part, { delta: emoji }) : part,
    )
    const middleware = middlewareOf({ replay: 'smooth' })
    await middleware.wrapGenerate({ model: testModel({ parts }), params })
    const abort = new AbortController()
    const { stream } = await middleware.wrapStream({
      model: testModel(),
      params: { ...params, abortSignal: abort.signal },
    })
    let deltas = 0
    const read = async (): Promise<void> => {
      for await (const { type, delta } of streamOfParts(stream as ReadableStream)) {
        if (type !== 'text-delta') continue
        expect(String(delta).isWellFormed()).toBe(true)
        if (++deltas === 2) abort.abort(new Error('enough'))
      }
    }
    await expect(read()).rejects.toThrow('enough')
    expect(deltas).toBe(2)
  })
})

test.each<[string, object]>([
  ['tenant', { tenant: undefined }],
  ['tenant', { tenant: '' }],
  ['cache', { cache: {} }],
  ['ttl', { ttl: 0 }],
  ['ttl', { staleWhileRevalidate: '1m' }],
  ['replay', { replay: 'fast' }],
  ['whenAbandoned', { whenAbandoned: 'never' }],
  ['retention', { retention: 1 }],
  ['tags must be', { tags: null }],
  ['tags must be', { tags: 'tea' }],
])('createCacheMiddleware names a wrong option: %s', (name, options) => {
  expect(() => middlewareOf(options)).toThrow(name)
})

async function collected(stream: unknown): Promise<{ type: string; delta?: unknown }[]> {
  const parts: { type: string; delta?: unknown }[] = []
  for await (const part of streamOfParts(stream as ReadableStream)) parts.push(part)
  return parts
}
