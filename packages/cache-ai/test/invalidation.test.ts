import { ValidationError } from '@verbatim/cache-core'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { describe, expect, test, vi } from 'vitest'
import type { AIRequest } from '../src/index.js'
import { SetUp } from './set-up.js'

const at = new SetUp()
const asked = (text: string, model?: unknown): AIRequest => ({
  text,
  operation: 'qa',
  options: { model },
})

describe.each(['with Redis', 'without Redis'])('invalidation by model, %s', (situation) => {
  const open = (): ReturnType<typeof at.openAlone> =>
    situation === 'with Redis' ? at.openConnected() : at.openAlone()

  test('removes the responses of one version, of every operation and tenant', async () => {
    const cache = await open()
    const requests: readonly AIRequest[] = [
      asked('text', 'gpt-4-0613'),
      { ...asked('text', 'gpt-4-0613'), operation: 'summarize', tenant: 'ada' },
      asked('text', 'gpt-4'),
      asked('text', 'gpt-4-0613-b'),
      asked('text'),
    ]
    for (const request of requests) await cache.cacheResponse({ ...request, response: 1 })
    await cache.invalidateByModel('gpt-4-0613')
    const left = await Promise.all(requests.map((request) => cache.getCachedResponse(request)))
    expect(left.map((found) => found?.response)).toEqual([undefined, undefined, 1, 1, 1])
  })

  test('removes computed responses, also with tags of the caller', async () => {
    const cache = await open()
    for (const text of ['one', 'two']) {
      await cache.getOrCompute(asked(text, 'gpt-4'), () => text, { tags: [text] })
    }
    await cache.invalidateTags(['one'])
    expect(await cache.getCachedResponse(asked('one', 'gpt-4'))).toBeUndefined()
    expect((await cache.getCachedResponse(asked('two', 'gpt-4')))?.response).toBe('two')
    await cache.cacheResponse({ ...asked('one', 'gpt-4'), response: 1, tags: ['three'] })
    await cache.invalidateTags(['three'])
    expect(await cache.getCachedResponse(asked('one', 'gpt-4'))).toBeUndefined()
    await cache.invalidateByModel('gpt-4')
    expect(await cache.getCachedResponse(asked('two', 'gpt-4'))).toBeUndefined()
  })

  test.each([42, null, '', 'x'.repeat(2_000), { name: 'gpt-4' }])(
    'a model of %j is one like another option',
    async (model) => {
      const cache = await open()
      await cache.cacheResponse({ ...asked('text', model), response: 1 })
      expect((await cache.getCachedResponse(asked('text', model)))?.response).toBe(1)
    },
  )
})

test('invalidation by model reaches other processes', async () => {
  const [here, there] = [await at.openConnected(), await at.openConnected()]
  await here.cacheResponse({ ...asked('text', 'gpt-4'), response: 1 })
  await vi.waitFor(async () => {
    expect((await there.getCachedResponse(asked('text', 'gpt-4')))?.cached.tier).toBe('memory')
  })
  await here.invalidateByModel('gpt-4')
  await vi.waitFor(async () => {
    expect(await there.getCachedResponse(asked('text', 'gpt-4'))).toBeUndefined()
  })
})

test.each([undefined, '', 4])('invalidateByModel rejects %j', async (model) => {
  const cache = await at.openAlone()
  await expect(cache.invalidateByModel(model as string)).rejects.toThrow(ValidationError)
})

test('the monitor records the reason of an invalidation', async () => {
  const performanceMonitor = new CachePerformanceMonitor()
  const cache = await at.openConnected({ performanceMonitor })
  await cache.cacheResponse({ ...asked('text'), response: 1 })
  await cache.invalidateByOperation('qa', { operationContext: 'model_update' })
  await cache.invalidatePattern('*sentiment*', { operationContext: 'batch_invalidation' })
  await cache.clear()
  expect(cache.getInvalidationFrequencyStats()).toMatchObject({ totalInvalidations: 3 })
  const { invalidation_events: events } = performanceMonitor.exportMetrics()
  expect(
    events.map(({ operation_context, keys_invalidated }) => [operation_context, keys_invalidated]),
  ).toEqual([
    ['model_update', 1],
    ['batch_invalidation', 0],
    ['', 0],
  ])
})

test('responses of any tenant and operation can be removed, whatever characters their names contain', async () => {
  const cache = await at.openConnected()
  for (const [tenant, operation] of [
    ['|'.repeat(128), ':'.repeat(64)],
    ['*'.repeat(128), '%'.repeat(64)],
  ] as const) {
    const request = { text: 'text', operation, tenant }
    await cache.cacheResponse({ ...request, response: 1 })
    expect(await cache.invalidateByOperation(operation, { tenant })).toBe(1)
    await cache.cacheResponse({ ...request, response: 1 })
    expect(await cache.forget(tenant)).toBe(1)
  }
})

test('invalidatePattern rejects a tenant and removes nothing', async () => {
  const cache = await at.openAlone()
  await cache.cacheResponse({ ...asked('text'), response: 1 })
  const call = cache.invalidatePattern('*', { tenant: 'ada' } as object)
  await expect(call).rejects.toThrow(ValidationError)
  await expect(call).rejects.toThrow('options must not have the unknown field tenant')
  expect((await cache.getCachedResponse(asked('text')))?.response).toBe(1)
})
