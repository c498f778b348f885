import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { AIResponseCache, CachedResponse } from '../src/index.js'
import { SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'Is the contract binding?', operation: 'qa' }

/** Computes another answer each time. */
function counter(): { readonly compute: () => string; calls: number } {
  const counted = {
    calls: 0,
    compute: (): string => `answer ${++counted.calls}`,
  }
  return counted
}

const responseOf = async (answer: Promise<CachedResponse | undefined>): Promise<unknown> =>
  (await answer)?.response

describe.each(['with Redis', 'memory only'])('one call (%s)', (where) => {
  const open = async (): Promise<AIResponseCache> =>
    where === 'with Redis' ? at.openConnected() : at.openAlone()

  test('refresh computes although there is a response, and stores the new one', async () => {
    const cache = await open()
    const { compute } = counter()
    await cache.getOrCompute(request, compute)
    const { response, cached } = await cache.getOrCompute(request, compute, { refresh: true })
    expect([response, cached.hit]).toEqual(['answer 2', false])
    expect(await responseOf(cache.getCachedResponse(request))).toBe('answer 2')
    expect(await cache.getCachedResponse(request, { refresh: true })).toBeUndefined()
  })

  test('refresh does not join an older computation, which does not overwrite it', async () => {
    const cache = await open()
    let finish = (): void => {}
    const older = cache.getOrCompute(
      request,
      () =>
        new Promise<string>((resolve) => {
          finish = () => resolve('older')
        }),
    )
    await sleep(50)
    const newer = await cache.getOrCompute(request, () => 'newer', { refresh: true })
    finish()
    expect([newer.response, await responseOf(older)]).toEqual(['newer', 'older'])
    expect(await responseOf(cache.getCachedResponse(request))).toBe('newer')
  })

  test('refreshes at the same time share one computation', async () => {
    const cache = await open()
    const counted = counter()
    await cache.getOrCompute(request, counted.compute)
    const refresh = (): Promise<CachedResponse> =>
      cache.getOrCompute(
        request,
        async () => {
          await sleep(50)
          return counted.compute()
        },
        { refresh: true },
      )
    const responses = await Promise.all([1, 2, 3].map(() => responseOf(refresh())))
    expect(responses).toEqual(['answer 2', 'answer 2', 'answer 2'])
  })

  test('noStore computes and stores nothing', async () => {
    const cache = await open()
    const { compute } = counter()
    expect((await cache.getOrCompute(request, compute, { noStore: true })).response).toBe(
      'answer 1',
    )
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('noStore does not keep the response of a joined call out of the cache', async () => {
    const cache = await open()
    const compute = async (): Promise<string> => {
      await sleep(50)
      return 'answer'
    }
    const first = cache.getOrCompute(request, compute, { noStore: true })
    const second = cache.getOrCompute(request, compute)
    await Promise.all([first, second])
    expect(await responseOf(cache.getCachedResponse(request))).toBe('answer')
  })

  test('maxAge rejects an older response', async () => {
    const cache = await open()
    const { compute } = counter()
    await cache.getOrCompute(request, compute)
    await sleep(60)
    expect(await cache.getCachedResponse(request, { maxAge: '50ms' })).toBeUndefined()
    expect(await responseOf(cache.getCachedResponse(request, { maxAge: '1h' }))).toBe('answer 1')
    const computed = cache.getOrCompute(request, compute, { maxAge: '50ms' })
    expect(await responseOf(computed)).toBe('answer 2')
    const { hits, misses, errors } = cache.getStats()
    // Without Redis, a read that finds nothing in memory is an error.
    expect([hits, misses + errors]).toEqual([1, 3])
  })

  test('onlyIfCached never computes', async () => {
    const cache = await open()
    const counted = counter()
    const call = (): Promise<CachedResponse> =>
      cache.getOrCompute(request, counted.compute, { onlyIfCached: true })
    await expect(call()).rejects.toMatchObject({ code: 'NOT_CACHED' })
    await cache.getOrCompute(request, counted.compute)
    expect(await responseOf(call())).toBe('answer 1')
    expect(counted.calls).toBe(1)
  })

  test('onlyIfCached serves a stale response and computes nothing', async () => {
    const cache = await open()
    const counted = counter()
    const stale = { ttl: '20ms', staleWhileRevalidate: '1h' } as const
    await cache.getOrCompute(request, counted.compute, stale)
    await sleep(60)
    const call = cache.getOrCompute(request, counted.compute, { ...stale, onlyIfCached: true })
    expect(await call).toMatchObject({ response: 'answer 1', cached: { stale: true } })
    await sleep(50)
    expect(counted.calls).toBe(1)
  })

  test('shouldStore decides from the response, and every response reaches its caller', async () => {
    const cache = await open()
    const { compute } = counter()
    const shouldStore = (response: string): boolean => response !== 'answer 1'
    expect(await responseOf(cache.getOrCompute(request, compute, { shouldStore }))).toBe('answer 1')
    expect(await responseOf(cache.getOrCompute(request, compute, { shouldStore }))).toBe('answer 2')
    expect(await responseOf(cache.getOrCompute(request, compute, { shouldStore }))).toBe('answer 2')
  })

  test.each<[string, object]>([
    ['noStore', { noStore: true }],
    ['shouldStore', { shouldStore: () => false }],
  ])('%s does not report a response that cannot be stored', async (_name, options) => {
    const cache = await open()
    const codes: string[] = []
    cache.on('not_stored', (_key, { code }) => codes.push(code))
    const compute = (): object => ({ retry: () => 1 })
    await cache.getOrCompute(request, compute, options)
    expect(codes).toEqual([])
    expect(cache.getStats().notStored).toEqual({})
  })

  test('a caller that joins a noStore call reports that its response cannot be stored', async () => {
    const cache = await open()
    const codes: string[] = []
    cache.on('not_stored', (_key, { code }) => codes.push(code))
    const compute = async (): Promise<object> => {
      await sleep(50)
      return { retry: () => 1 }
    }
    const first = cache.getOrCompute(request, compute, { noStore: true })
    await Promise.all([first, cache.getOrCompute(request, compute)])
    expect(codes).toEqual(['NOT_SERIALIZABLE'])
  })

  test('shouldStore may throw: the response reaches its caller and is not stored', async () => {
    const cache = await open()
    const codes: string[] = []
    cache.on('not_stored', (_key, { code }) => codes.push(code))
    const shouldStore = (): never => {
      throw new Error('cannot say')
    }
    const call = cache.getOrCompute(request, () => 'answer', { shouldStore })
    expect(await responseOf(call)).toBe('answer')
    expect(codes).toEqual(['SHOULD_STORE_FAILED'])
  })

  test.each<[object, string]>([
    [{ refresh: 1 }, 'refresh must be true or false; received 1'],
    [{ noStore: 'yes' }, 'noStore must be true or false; received a string'],
    [{ maxAge: 0 }, 'maxAge'],
    [{ maxAge: null }, 'maxAge must be seconds'],
    [{ onlyIfCached: null }, 'onlyIfCached must be true or false; received null'],
    [{ refresh: true, onlyIfCached: true }, 'onlyIfCached must be false when refresh is true'],
    [{ shouldStore: true }, 'shouldStore must be a function; received a boolean'],
    [{ refresch: true }, 'unknown field refresch. Did you mean refresh?'],
  ])('rejects %j before anything is computed', async (options, message) => {
    const cache = await open()
    const counted = counter()
    await expect(cache.getOrCompute(request, counted.compute, options)).rejects.toThrow(message)
    expect(counted.calls).toBe(0)
  })
})

test.each([
  ...[{ refresh: 1 }, { maxAge: 0 }, { onlyIfCached: null }, { refresch: true }],
  ...[{ noStore: 1 }, { shouldStore: 'x' }, { shape: 'round' }],
])('getCachedResponse rejects %j', async (options) => {
  const cache = await at.openAlone()
  const call = cache.getCachedResponse(request, options as object)
  await expect(call).rejects.toThrow(Object.keys(options)[0])
})

test('getCachedResponse accepts an object with the options of getOrCompute', async () => {
  const cache = await at.openAlone()
  const options = { ttl: '5m', tags: ['a'], timeout: { hard: '1s' }, maxAge: '1h' } as const
  await cache.getOrCompute(request, () => 'answer', options)
  expect(await responseOf(cache.getCachedResponse(request, options))).toBe('answer')
})

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'undefined'],
  ['text', 'no', 'a string'],
  ['a number', 1, 'a number'],
  ['null', null, 'null'],
])('a response is not stored when shouldStore returns %s', async (_what, decision, received) => {
  const cache = await at.openConnected()
  const messages: string[] = []
  cache.on('not_stored', (_key, { code, message }) => messages.push(`${code}: ${message}`))
  const shouldStore = (): boolean => decision as boolean
  const { response } = await cache.getOrCompute(request, () => 'answer', { shouldStore })
  expect(response).toBe('answer')
  expect(messages).toEqual([
    `SHOULD_STORE_FAILED: shouldStore must return true or false; received ${received}; the response was not stored`,
  ])
  expect(await cache.getCachedResponse(request)).toBeUndefined()
})
