import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CacheError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import type { AIResponseCache, AIResponseCacheOptions, CachedResponse } from '../src/index.js'
import { refusals, SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'List the steps.', operation: 'qa' }

class Message {
  content = 'the answer'

  shout(): string {
    return this.content.toUpperCase()
  }
}

describe.each<[string, AIResponseCacheOptions]>([
  ['frozen', {}],
  ['cloned', { isolation: 'clone' }],
  ['shared', { isolation: 'none' }],
])('a computed response (%s)', (_name, options) => {
  const open = async (more?: AIResponseCacheOptions): Promise<AIResponseCache> =>
    at.openConnected({ ...options, ...more })

  test('reaches its caller as an instance of a class, and the reason not to store it is reported', async () => {
    const cache = await open()
    const codes = refusals(cache)
    let paid = 0
    for (let attempt = 0; attempt < 3; attempt++) {
      const { response } = await cache.getOrCompute(request, async () => {
        paid++
        return new Message()
      })
      expect(response.shout()).toBe('THE ANSWER')
    }
    expect(paid).toBe(3)
    expect(codes).toEqual(['NOT_SERIALIZABLE', 'NOT_SERIALIZABLE', 'NOT_SERIALIZABLE'])
  })

  test.each<[string, () => unknown, string]>([
    ['a function in it', () => ({ text: 'hi', retry: () => 1 }), 'NOT_SERIALIZABLE'],
    ['a promise in it', () => ({ usage: Promise.resolve(1) }), 'NOT_SERIALIZABLE'],
    ['a symbol in it', () => ({ kind: Symbol('kind') }), 'NOT_SERIALIZABLE'],
    ['too many bytes', () => randomBytes(9_000_000).toString('base64'), 'VALUE_TOO_LARGE'],
    ['a stream in it', () => ({ stream: new ReadableStream() }), 'NOT_SERIALIZABLE'],
  ])('reaches its caller with %s', async (_what, make, code) => {
    const cache = await open()
    const codes = refusals(cache)
    const made = make()
    const { response, cached } = await cache.getOrCompute(request, () => made)
    expect(response).toEqual(made)
    expect(cached).toMatchObject({ hit: false, tier: 'none' })
    expect(codes).toEqual([code])
    expect(Object.values(cache.getStats().notStored)).toEqual([1])
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test.each<[string, (response: string) => number | string | undefined, string]>([
    ['returns 0', () => 0, 'TTL_ZERO'],
    ['returns a negative number', () => -5, 'INVALID_TTL'],
    ['returns text that is no TTL', () => 'soon', 'INVALID_TTL'],
    [
      'throws',
      () => {
        throw new Error('no TTL')
      },
      'TTL_FAILED',
    ],
  ])('reaches its caller when the ttl function %s', async (_what, ttl, code) => {
    const cache = await open()
    const codes = refusals(cache)
    const call = cache.getOrCompute(request, () => 'answer', { ttl: ttl as () => number })
    expect((await call).response).toBe('answer')
    expect(codes).toEqual([code])
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('has the TTL that a function returns for it, and the TTL of its operation otherwise', async () => {
    const cache = await open()
    const ttlOf = async (text: string): Promise<number> => {
      const ttl = (response: { ttl?: number }): number | undefined => response.ttl
      await cache.getOrCompute({ text, operation: 'qa' }, () => JSON.parse(text) as object, { ttl })
      return (await cache.getTtl(cache.buildKey(text, 'qa'))) ?? 0
    }
    expect(await ttlOf('{"ttl":60}')).toBeCloseTo(60, -1)
    expect(await ttlOf('{}')).toBeCloseTo(1_800, -1)
  })

  test('may be undefined when the computation calls skip', async () => {
    const cache = await open()
    const { response } = await cache.getOrCompute(request, ({ skip }) => skip())
    expect(response).toBeUndefined()
  })

  test('looks the same on a miss, in a joined call and on hits', async () => {
    const cache = await open()
    const compute = async (): Promise<object> => {
      await sleep(20)
      return { steps: ['one'], at: new Date(0), undefinedField: undefined }
    }
    const calls = [1, 2, 3].map(() => cache.getOrCompute(request, compute))
    const [first, second] = await Promise.all(calls)
    const later = await cache.getOrCompute(request, compute)
    const elsewhere = await (await open()).getCachedResponse(request)
    for (const other of [second, later, elsewhere]) {
      expect(other?.response).toStrictEqual(first?.response)
      expect(Object.isFrozen(other?.response)).toBe(Object.isFrozen(first?.response))
    }
  })
})

describe('callers of one computation', () => {
  test('cannot change the response for each other', async () => {
    const cache = await at.openConnected()
    const ask = (): Promise<{ response: { steps: string[] } }> =>
      cache.getOrCompute(request, async () => ({ steps: ['one'] }))
    const [ada, charles] = await Promise.all([ask(), ask()])
    expect(() => ada.response.steps.push('private note')).toThrow(TypeError)
    expect(charles.response.steps).toEqual(['one'])
  })

  test('count as one miss and joined calls, and get this outcome', async () => {
    const cache = await at.openConnected()
    const compute = async (): Promise<string> => {
      await sleep(50)
      return 'answer'
    }
    const calls = Array.from({ length: 10 }, () => cache.getOrCompute(request, compute))
    const joined = (await Promise.all(calls)).map(({ cached }) => cached.joined)
    expect(joined.filter(Boolean)).toHaveLength(9)
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 1, joined: 9 })
    expect(cache.getPerformanceSummary()).toMatchObject({ cacheHits: 0, cacheMisses: 1 })
  })

  test('in another process are joined calls', async () => {
    const [one, other] = [await at.openConnected(), await at.openConnected()]
    const compute = async (): Promise<string> => {
      await sleep(300)
      return 'answer'
    }
    const first = one.getOrCompute(request, compute)
    await sleep(100)
    const second = await other.getOrCompute(request, compute)
    expect(second.cached).toMatchObject({ hit: false, joined: true, tier: 'none' })
    expect((await first).cached).toMatchObject({ hit: false, joined: false })
  })
})

test('a hit contains the duration of the computation and the saved time', async () => {
  const cache = await at.openConnected()
  const compute = async (): Promise<string> => {
    await sleep(100)
    return 'answer'
  }
  const { cached: first } = await cache.getOrCompute(request, compute)
  expect(first.computeMs).toBeGreaterThan(90)
  expect(first).not.toHaveProperty('savedMs')
  const { cached } = await cache.getOrCompute(request, compute)
  expect(cached.computeMs).toBe(first.computeMs)
  expect(cached.savedMs).toBeGreaterThan(0)
  expect(cached.savedMs).toBeLessThanOrEqual(cached.computeMs ?? 0)
  await cache.cacheResponse({ ...request, response: 'handed in' })
  const found = await cache.getCachedResponse(request)
  expect(found?.cached).not.toHaveProperty('computeMs')
  expect(found?.cached).not.toHaveProperty('savedMs')
})

describe('serialize and revive', () => {
  const serialize = (response: unknown): unknown => ({ content: (response as Message).content })
  const revive = (data: unknown): unknown => Object.assign(new Message(), data)

  test('give every caller the same class', async () => {
    const cache = await at.openConnected({ serialize, revive })
    const call = (): Promise<{ response: Message }> =>
      cache.getOrCompute(request, () => new Message())
    const results = [...(await Promise.all([call(), call()])), await call()]
    for (const { response } of results) expect(response.shout()).toBe('THE ANSWER')
    const found = await cache.getCachedResponse<Message>(request)
    expect(found?.response.shout()).toBe('THE ANSWER')
    expect(cache.getStats().notStored).toEqual({})
  })

  test.each([
    ['serialize', { serialize: () => Symbol('no data').toString.call(null), revive }],
    ['revive', { serialize, revive: () => JSON.parse('{') as unknown }],
  ])('a response reaches its caller when %s throws', async (_which, options) => {
    const cache = await at.openConnected(options)
    const codes = refusals(cache)
    const { response } = await cache.getOrCompute(request, () => new Message())
    expect(response.shout()).toBe('THE ANSWER')
    expect(codes).toEqual(['SERIALIZE_FAILED'])
  })

  test.each(['freeze', 'clone', 'none'] as const)(
    'may change their argument without effect on other callers (%s)',
    async (isolation) => {
      const take = (data: unknown): unknown => {
        const { content } = data as { content: string[] }
        return content.splice(0)
      }
      const cache = await at.openConnected({
        isolation,
        serialize: (response) => ({ content: response }),
        revive: take,
      })
      const call = (): Promise<{ response: string[] }> =>
        cache.getOrCompute(request, () => ['the', 'answer'])
      const results = [...(await Promise.all([call(), call()])), await call()]
      for (const { response } of results) expect(response).toEqual(['the', 'answer'])
      expect((await cache.getCachedResponse(request))?.response).toEqual(['the', 'answer'])
    },
  )

  test('make a response that revive rejects a miss', async () => {
    await (await at.openConnected()).cacheResponse({ ...request, response: 'not JSON' })
    const cache = await at.openConnected({ revive: (data) => JSON.parse(String(data)) as unknown })
    expect(await cache.getCachedResponse(request)).toBeUndefined()
    expect(cache.getCacheHitRatio()).toBe(0)
  })
})

const DAY_MS = 86_400_000

test('a response that another process stored with a clock an hour ahead is a hit of age 0', async () => {
  const cache = await at.openConnected()
  const storedAt = Date.now() + 3_600_000
  const entry = { response: 1, operation: 'qa', textTier: 'small', storedAt }
  await cache.set(cache.buildKey(request.text, request.operation), entry)
  expect(await cache.getCachedResponse(request)).toMatchObject({
    response: 1,
    cached: { ageMs: 0 },
  })
})

test('a caller that joins a load of an entry with an impossible date gets its response', async () => {
  const cache = await at.openConnected()
  const entry = {
    response: 1,
    operation: 'qa',
    textTier: 'small',
    storedAt: Date.now() + 2 * DAY_MS,
  }
  const loaded = cache.getOrSet(cache.buildKey(request.text, request.operation), async () => {
    await sleep(100)
    return entry
  })
  await sleep(25)
  const { response, cached } = await cache.getOrCompute(request, () => 2)
  expect([response, cached.joined]).toEqual([1, true])
  expect(cached).not.toHaveProperty('at')
  await loaded
})

describe('a stored entry with impossible fields', () => {
  const good = { response: 1, operation: 'qa', textTier: 'small', storedAt: 1 }

  test.each<[string, unknown]>([
    ['no response', { ...good, response: undefined }],
    ['another operation', { ...good, operation: 'sentiment' }],
    ['a tier that does not exist', { ...good, textTier: 'huge' }],
    ['a time that is no date', { ...good, storedAt: 1e300 }],
    ['a time in two days', { ...good, storedAt: Date.now() + 2 * DAY_MS }],
    ['a negative time', { ...good, storedAt: -1 }],
    ['a time in text', { ...good, storedAt: '2025' }],
    ['a negative duration', { ...good, computeMs: -1 }],
    ['a duration of a year', { ...good, computeMs: 365 * DAY_MS }],
    ['a duration in text', { ...good, computeMs: 'long' }],
    ['no fields', {}],
    ['a list', [good]],
    ['text', 'response'],
  ])('(%s) is a miss in every figure, and replaced', async (_what, entry) => {
    const cache = await at.openConnected()
    await cache.set(cache.buildKey(request.text, request.operation), entry)
    expect(await cache.getCachedResponse(request)).toBeUndefined()
    expect((await cache.getOrCompute(request, () => 'computed')).response).toBe('computed')
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 2 })
    expect((await cache.getCachedResponse(request))?.response).toBe('computed')
  })
})

describe.each([
  ['resolves', async (): Promise<never> => true as never],
  ['rejects', (): Promise<never> => Promise.reject(new Error('async by mistake'))],
])('a function that is async by mistake and %s', (_how, asynchronous) => {
  test.each<[string, string, AIResponseCacheOptions, object]>([
    ['serialize', 'SERIALIZE_FAILED', { serialize: asynchronous }, {}],
    ['revive', 'SERIALIZE_FAILED', { revive: asynchronous }, {}],
    ['shouldStore', 'SHOULD_STORE_FAILED', {}, { shouldStore: asynchronous }],
    ['ttl', 'TTL_FAILED', {}, { ttl: asynchronous }],
  ])('keeps the response out of the cache as %s', async (name, code, settings, options) => {
    const cache = await at.openConnected(settings)
    const errors: CacheError[] = []
    cache.on('not_stored', (_key, error) => errors.push(error))
    const { response } = await cache.getOrCompute(request, () => 'answer', options)
    expect(response).toBe('answer')
    expect(errors.map((error) => error.code)).toEqual([code])
    const [error] = errors
    expect(`${error?.message} ${String(error?.cause)}`).toContain(
      `${name} must not return a promise`,
    )
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('makes a stored response a miss as revive', async () => {
    await (await at.openConnected()).cacheResponse({ ...request, response: 'stored' })
    const cache = await at.openConnected({ revive: asynchronous })
    expect(await cache.getCachedResponse(request)).toBeUndefined()
    expect((await cache.getOrCompute(request, () => 'answer')).response).toBe('answer')
  })
})

test.each<[string, number]>([
  ['went back', -5_000],
  ['jumped by nine days', 9 * 86_400_000],
])('a response is a hit although the clock %s while it was computed', async (_what, jumpMs) => {
  let ms = Date.now()
  const clock = { now: () => ms, wallTime: () => Date.now() }
  const cache = await at.openConnected({ clock })
  const ask = (): Promise<CachedResponse<string>> =>
    cache.getOrCompute(request, () => {
      ms += jumpMs
      return 'the answer'
    })
  const first = await ask()
  expect(first.response).toBe('the answer')
  expect(first.cached).not.toHaveProperty('computeMs')
  const second = await ask()
  expect(second.response).toBe('the answer')
  expect(second.cached).toMatchObject({ hit: true })
  expect(second.cached).not.toHaveProperty('savedMs')
})

test.each([
  ['before 1970', -1_000],
  ['of no number', Number.NaN],
])('a response reaches its caller although the wall clock has a date %s', async (_what, date) => {
  let wallTime = Date.now()
  const clock = { now: () => performance.now(), wallTime: () => wallTime }
  const cache = await at.openConnected({ clock })
  const codes = refusals(cache)
  wallTime = date
  const { response, cached } = await cache.getOrCompute(request, () => 'the answer')
  expect(response).toBe('the answer')
  expect(cached).not.toHaveProperty('at')
  expect(codes).toEqual(['STORE_FAILED'])
  await expect(cache.cacheResponse({ ...request, response: 'the answer' })).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('clock.wallTime must return milliseconds since 1970'),
  })
})

test('a hit never saves more time than its computation took', async () => {
  let ms = 0
  const clock = { now: () => ms, wallTime: () => Date.now() }
  const cache = await at.openConnected({ clock })
  await cache.getOrCompute(request, () => {
    ms += 100
    return 'the answer'
  })
  const found = cache.getCachedResponse(request)
  ms -= 50
  expect((await found)?.cached).toMatchObject({ computeMs: 100, savedMs: 100 })
})

test('objects without a prototype look the same on a miss, on a joined call and on a hit', async () => {
  const groups = (): unknown => /(?<word>the)/.exec('the answer')?.groups
  const inside = JSON.parse('{ "__proto__": { "a": 1 } }') as Record<string, unknown>
  Object.defineProperty(inside, '__proto__', { value: groups() })
  const cache = await at.openConnected()
  const ask = (): Promise<CachedResponse> =>
    cache.getOrCompute(request, () => ({ top: groups(), list: [groups()], inside }))
  const results = [...(await Promise.all([ask(), ask()])), await ask()]
  const nested = JSON.parse('{ "__proto__": { "word": "the" } }') as unknown
  const expected = { top: { word: 'the' }, list: [{ word: 'the' }], inside: nested }
  for (const { response } of results) expect(response).toStrictEqual(expected)
  expect((await ask()).cached.hit).toBe(true)
})
