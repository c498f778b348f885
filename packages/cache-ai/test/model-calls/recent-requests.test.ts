import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { createCacheMiddleware, SHARED } from '../../src/ai-sdk/index.js'
import type { CachedCall } from '../../src/model-calls/call-control.js'
import { RecentRequests } from '../../src/model-calls/recent-requests.js'
import { testModel } from '../ai-sdk/test-model.js'

/** Returns a call with a digest. */
function call(digest: string, request: unknown, more: object = {}): CachedCall {
  const document = { surface: 'http', tenant: SHARED, provider: 'p', model: 'm', variant: 0 }
  return { key: { digest }, document: { ...document, request, ...more } } as unknown as CachedCall
}

const chat = (...contents: unknown[]) => ({
  fields: { messages: contents.map((content) => ({ role: 'user', content })) },
})

describe('RecentRequests', () => {
  test('names the closest request and the first place where it differs', () => {
    const recent = new RecentRequests()
    recent.add(call('far', { fields: { input: 'x' } }), 1)
    recent.add(call('near', chat('a', [{ type: 'text', text: 'b' }])), 2)
    recent.add(call('new', chat('a', [{ type: 'text', text: 'c' }])), 3)
    expect(recent.explain('new')).toMatchObject({
      ...{ key: 'new', at: 3, closest: 'near', path: 'messages[1].content[0].text' },
    })
    expect(recent.explain('far')).toEqual({ key: 'far', at: 1, similarity: 0 })
  })

  test.each<[string, object, object, string | undefined]>([
    ['a field that the other request does not have', { seed: 1 }, {}, 'seed'],
    ['a field that only the other request has', {}, { seed: 1 }, 'seed'],
    ['a list of another length', { stop: ['a', 'b'] }, { stop: ['a'] }, 'stop[1]'],
    ['an empty list', { stop: [] }, {}, 'stop'],
    ['the bytes of a file', { data: new Uint8Array([1]) }, { data: new Uint8Array([2]) }, 'data'],
    ['a number and its text', { seed: 1 }, { seed: '1' }, 'seed'],
    ['nothing', { seed: 1 }, { seed: 1 }, undefined],
  ])('names %s', (_name, fields, others, path) => {
    const recent = new RecentRequests()
    recent.add(call('one', { fields: { prompt: 'tea', ...others } }), 1)
    recent.add(call('two', { fields: { prompt: 'tea', ...fields } }), 2)
    expect(recent.explain('two')?.path).toBe(path)
  })

  test('names the model, the version and the variant', () => {
    for (const more of [{ model: 'other' }, { version: '2' }, { variant: 1 }]) {
      const recent = new RecentRequests()
      recent.add(call('one', chat('a')), 1)
      recent.add(call('two', chat('a'), more), 2)
      expect(recent.explain('two')?.path).toBe(Object.keys(more)[0])
    }
  })

  test('says that the same request was asked before', () => {
    const recent = new RecentRequests()
    for (const at of [1, 2]) recent.add(call('one', chat('a')), at)
    expect(recent.explain('one')).toEqual({ key: 'one', at: 2, closest: 'one', similarity: 1 })
  })

  test('compares a request only with those of its tenant', () => {
    const recent = new RecentRequests()
    recent.add(call('one', chat('a'), { tenant: 'ada' }), 1)
    recent.add(call('two', chat('b'), { tenant: 'charles' }), 2)
    expect(recent.explain('two')?.closest).toBeUndefined()
  })

  test('remembers 100 requests', () => {
    const recent = new RecentRequests()
    const long = Array.from({ length: 1_000 }, (_, index) => `text ${index}`)
    for (let index = 0; index < 101; index++)
      recent.add(call(`key ${index}`, chat(...long, index)), index)
    expect(recent.explain('key 0')).toBeUndefined()
    expect(recent.explain('key 100')).toMatchObject({ closest: 'key 99', path: 'messages[126]' })
  })
})

test('the key in the status of a miss leads to its explanation', async () => {
  const middleware = createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED })
  const ask = async (temperature: number): Promise<string> => {
    const params = { prompt: [], temperature }
    const result = await middleware.wrapGenerate({ model: testModel(), params })
    return result.providerMetadata.verbatim.key as string
  }
  await ask(0)
  expect(middleware.explain(await ask(1))?.path).toBe('temperature')
})
