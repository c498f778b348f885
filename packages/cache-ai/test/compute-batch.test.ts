import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { UnmatchedResponsesError } from '../src/index.js'
import { refusals, SetUp } from './set-up.js'

const at = new SetUp()

describe('a batch', () => {
  const requestsFor = (...texts: string[]): { text: string; operation: string }[] =>
    texts.map((text) => ({ text, operation: 'embed' }))

  test('computes the misses with one call, in order, and stores them', async () => {
    const cache = await at.openConnected()
    await cache.cacheResponse({ text: 'b', operation: 'embed', response: 'stored b' })
    const asked: string[][] = []
    const compute = async (missing: readonly { text: string }[]): Promise<string[]> => {
      asked.push(missing.map(({ text }) => text))
      return missing.map(({ text }) => `computed ${text}`)
    }
    const answers = await cache.getOrComputeMany(requestsFor('a', 'b', 'c', 'a'), compute)
    expect(answers.map(({ response }) => response)).toEqual([
      'computed a',
      'stored b',
      'computed c',
      'computed a',
    ])
    expect(answers.map(({ cached }) => cached.hit)).toEqual([false, true, false, false])
    expect(asked).toEqual([['a', 'c']])
    await cache.getOrComputeMany(requestsFor('a', 'b', 'c'), compute)
    expect(asked).toHaveLength(1)
  })

  test('of a thousand requests with a model calls compute once', async () => {
    const cache = await at.openConnected()
    const requests = Array.from({ length: 1_000 }, (_, index) => ({
      text: `text ${index}`,
      operation: 'embed',
      options: { model: 'small' },
    }))
    let asked = 0
    const compute = (missing: readonly { text: string }[]): number[] => {
      asked += missing.length
      return missing.map(() => 1)
    }
    await cache.getOrComputeMany(requests, compute)
    expect(asked).toBe(1_000)
  })

  test('of no requests does not call compute', async () => {
    const cache = await at.openConnected()
    const compute = (): never[] => expect.unreachable('there is nothing to compute')
    expect(await cache.getOrComputeMany([], compute)).toEqual([])
  })

  test.each<[string, () => unknown, string]>([
    ['too few responses', () => ['one'], 'an array of 1'],
    ['too many responses', () => ['one', 'two', 'three'], 'an array of 3'],
    ['no list', () => ({ 0: 'one', 1: 'two' }), 'an object'],
  ])(
    'rejects a computation that returns %s, with what it returned',
    async (_what, compute, received) => {
      const cache = await at.openConnected()
      const call = cache.getOrComputeMany(requestsFor('a', 'b'), compute as () => string[])
      const error: unknown = await call.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(UnmatchedResponsesError)
      expect(error).toBeInstanceOf(ValidationError)
      expect(error).toMatchObject({
        name: 'UnmatchedResponsesError',
        code: 'INVALID_VALUE',
        message: `compute must return an array of 2 responses, one for each missing request; received ${received}`,
        responses: compute(),
      })
      expect(`${inspect(error)} ${JSON.stringify(error)}`).not.toContain("one'")
      expect(await cache.getCachedResponse({ text: 'a', operation: 'embed' })).toBeUndefined()
    },
  )

  test('does not pass responses to callers that joined when they do not match', async () => {
    const cache = await at.openConnected()
    const compute = async (): Promise<string[]> => {
      await sleep(50)
      return ['one']
    }
    const batch = cache.getOrComputeMany(requestsFor('a', 'b'), compute)
    const rejected = batch.catch((reason: unknown) => reason)
    await sleep(25)
    const joined = cache.getOrCompute({ text: 'a', operation: 'embed' }, () => 'computed alone')
    const error: unknown = await joined.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).not.toBeInstanceOf(UnmatchedResponsesError)
    expect(await rejected).toBeInstanceOf(UnmatchedResponsesError)
  })

  test('serves a stale response where the computation returns undefined', async () => {
    const cache = await at.openAlone()
    const options = { ttl: '20ms', staleIfError: '1h' } as const
    const requests = requestsFor('a', 'b')
    await cache.getOrComputeMany(requests, () => ['old a', 'old b'], options)
    await sleep(40)
    const answers = await cache.getOrComputeMany(requests, () => [undefined, 'new b'], options)
    expect(answers.map(({ response }) => response)).toEqual(['old a', 'new b'])
  })

  test('returns and stores the other responses when one is undefined', async () => {
    const cache = await at.openConnected()
    const requests = requestsFor('a', 'b', 'c')
    const answers = await cache.getOrComputeMany(requests, () => ['A', undefined, 'C'])
    expect(answers.map(({ response }) => response)).toEqual(['A', undefined, 'C'])
    expect(answers.map(({ cached }) => cached.tier)).toEqual(['none', 'none', 'none'])
    const asked: string[][] = []
    await cache.getOrComputeMany(requests, (missing) => {
      asked.push(missing.map(({ text }) => text))
      return ['B']
    })
    expect(asked).toEqual([['b']])
  })

  test('returns every response when some cannot be stored', async () => {
    const cache = await at.openConnected()
    const codes = refusals(cache)
    const instance = new AbortController()
    const retry = (): number => 1
    const computed = ['A', instance, undefined, { retry }]
    const answers = await cache.getOrComputeMany(requestsFor('a', 'b', 'c', 'd'), () => computed)
    expect(answers.map(({ response }) => response)).toEqual(computed)
    expect(answers[1]?.response).toBe(instance)
    expect(codes).toEqual(['NOT_SERIALIZABLE', 'NOT_SERIALIZABLE'])
  })

  test('stores the other responses when the promise of one rejects', async () => {
    const cache = await at.openConnected()
    const failure = new Error('the model refuses the text')
    const call = cache.getOrComputeMany<unknown>(requestsFor('a', 'b', 'c'), () => [
      'A',
      Promise.reject(failure),
      'C',
    ])
    await expect(call).rejects.toBe(failure)
    const found = await Promise.all(
      requestsFor('a', 'b', 'c').map((request) => cache.getCachedResponse(request)),
    )
    expect(found.map((each) => each?.response)).toEqual(['A', undefined, 'C'])
  })

  test('rejects with what the computation throws, and stores nothing', async () => {
    const cache = await at.openConnected()
    const failure = new Error('the model is away')
    const call = cache.getOrComputeMany(requestsFor('a', 'b'), () => Promise.reject(failure))
    await expect(call).rejects.toBe(failure)
    expect(await cache.getCachedResponse({ text: 'a', operation: 'embed' })).toBeUndefined()
  })

  test('checks every request before it looks one up', async () => {
    const cache = await at.openConnected()
    const compute = (): never[] => expect.unreachable('nothing is computed')
    const bad = [...requestsFor('a'), { text: 'b', operation: 'embed', model: 'x' }]
    await expect(cache.getOrComputeMany(bad, compute)).rejects.toThrow('requests[1]')
    expect(cache.getStats().misses).toBe(0)
  })
})
