import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer } from '@verbatim/model-server'
import { afterAll, describe, expect, test } from 'vitest'
import {
  createCacheMiddleware,
  metricsText,
  observeModelCalls,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { createCachingFetch } from '../../src/fetch/index.js'
import { usageIn } from '../../src/fetch/usage.js'
import type { CachedCall } from '../../src/model-calls/call-control.js'
import { checkedPrices, SavingsLedger } from '../../src/model-calls/savings.js'
import { COMPLETE, testModel } from '../ai-sdk/test-model.js'
import { clientCalls } from '../fetch/clients.js'

const prices = {
  asOf: '2026-11-01',
  currency: 'USD',
  models: { test: { input: 2, cacheRead: 0.2, cacheWrite: 2.5, output: 10 } },
}

const usage = {
  inputTokens: { total: 1_000, noCache: 300, cacheRead: 600, cacheWrite: 100 },
  outputTokens: { total: 50 },
}
/** 300 x 2 + 600 x 0.2 + 100 x 2.5 + 50 x 10, for a million tokens. */
const COST = 0.001_47

function call(operation: string, model = 'test'): CachedCall {
  const document = { tenant: 'ada', provider: 'p', model }
  return { document, plan: { operation } } as unknown as CachedCall
}

describe('SavingsLedger', () => {
  test('prices each class of tokens, and adds up calls by their labels', () => {
    const ledger = new SavingsLedger(prices)
    ledger.add(call('qa'), usage, 900)
    ledger.add(call('qa'), usage, 100)
    ledger.add(call('summarize', 'unknown'), usage, 10)
    ledger.add(call('summarize'), undefined, 1)
    const tokens = { input: 600, cacheRead: 1_200, cacheWrite: 200, output: 100 }
    const { rows, ...total } = ledger.snapshot()
    expect(rows[0]).toEqual({
      ...{ operation: 'qa', tenant: 'ada', provider: 'p', model: 'test' },
      ...{ calls: 2, countedCalls: 2, pricedCalls: 2, timeMs: 1_000, tokens },
      cost: expect.closeTo(2 * COST, 12),
    })
    expect(total).toMatchObject({
      ...{ calls: 4, countedCalls: 3, pricedCalls: 2, timeMs: 1_011 },
      ...{ currency: 'USD', pricesAsOf: '2026-11-01', cost: expect.closeTo(2 * COST, 12) },
    })
  })

  test('reports no cost without prices', () => {
    const ledger = new SavingsLedger(undefined)
    ledger.add(call('qa'), usage, 900)
    expect(ledger.snapshot()).not.toHaveProperty('cost')
    expect(ledger.snapshot().rows[0]).not.toHaveProperty('cost')
  })

  test('has at most 101 rows, and loses no call', () => {
    const ledger = new SavingsLedger(prices)
    for (let index = 0; index < 1_000; index++) ledger.add(call(`operation ${index}`), usage, 1)
    const { rows, calls, cost } = ledger.snapshot()
    expect([rows.length, calls, cost]).toEqual([101, 1_000, expect.closeTo(1_000 * COST, 9)])
    expect(rows.at(-1)).toMatchObject({ operation: 'other', model: 'other', calls: 900 })
  })
})

test.each<[string, unknown]>([
  ['prices.asOf', { ...prices, asOf: 'today' }],
  ['prices.currency', { ...prices, currency: '$' }],
  ['prices.models', { ...prices, models: [] }],
  ['prices.models["x"].output', { ...prices, models: { x: { input: 1 } } }],
  ['prices.models["x"].input', { ...prices, models: { x: { input: -1, output: 1 } } }],
  ['cached', { ...prices, models: { x: { input: 1, output: 1, cached: 1 } } }],
])('checkedPrices names a wrong field: %s', (name, table) => {
  expect(() => checkedPrices(table)).toThrow(name)
})

test('hits of a middleware are reported to statistics, Prometheus and OpenTelemetry', async () => {
  const clock = new ManualClock()
  const cache = new InMemoryCache({ clock })
  const middleware = createCacheMiddleware({ cache, clock, tenant: SHARED, prices })
  const parts = COMPLETE.map((part) =>
    part.type === 'finish' ? Object.assign({}, part, { usage }) : part,
  )
  const model = testModel({ parts, beforePart: () => clock.advance(250) })
  const params = { prompt: [], providerOptions: { verbatim: { operation: 'qa' } } }
  for (let count = 0; count < 3; count++) await middleware.wrapGenerate({ model, params })
  const { savings } = middleware.getStats()
  expect(savings).toMatchObject({ calls: 2, timeMs: 500, cost: expect.closeTo(2 * COST, 12) })
  const labels = 'operation="qa",tenant="shared",provider="test",model="test"'
  const text = metricsText(middleware.getStats())
  expect(text).toContain(`verbatim_model_saved_calls_total{${labels}} 2\n`)
  expect(text).toContain(`verbatim_model_saved_seconds_total{${labels}} 0.5\n`)
  expect(text).toContain(`verbatim_model_saved_tokens_total{${labels},class="cacheRead"} 1200\n`)
  expect(text).toContain(`verbatim_model_saved_cost_total{${labels},currency="USD"} 0.0029`)
  const observed: Record<string, number> = {}
  observeModelCalls(
    {
      createObservableCounter: (name) => ({
        addCallback: (callback) =>
          callback({ observe: (value) => void (observed[name] = (observed[name] ?? 0) + value) }),
      }),
    },
    middleware,
  )
  expect(observed).toMatchObject({
    'verbatim.model.calls': 3,
    'verbatim.model.saved.tokens': 2_100,
  })
})

describe('the tokens of each protocol', () => {
  test.each<[string, Record<string, unknown>, object]>([
    [
      'chat completions',
      {
        usage: {
          prompt_tokens: 9,
          completion_tokens: 3,
          prompt_tokens_details: { cached_tokens: 4 },
        },
      },
      { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 3 } },
    ],
    [
      'responses',
      { usage: { input_tokens: 9, output_tokens: 3, input_tokens_details: { cached_tokens: 4 } } },
      { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 3 } },
    ],
    [
      'messages',
      {
        usage: {
          ...{ input_tokens: 5, cache_read_input_tokens: 4, cache_creation_input_tokens: 2 },
          output_tokens: 3,
        },
      },
      { inputTokens: { noCache: 5, cacheRead: 4, cacheWrite: 2 }, outputTokens: { total: 3 } },
    ],
    [
      'generateContent',
      { usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 2 } },
      { inputTokens: { total: 9 }, outputTokens: { total: 5 } },
    ],
  ])('%s', (_name, body, tokens) => {
    expect(usageIn(body)).toEqual(tokens)
  })
})

describe('a hit of each client counts the tokens of the provider', async () => {
  const server = await ModelServer.start()
  afterAll(() => server[Symbol.asyncDispose]())
  const send = globalThis.fetch
  test.each(Object.keys(clientCalls('http://127.0.0.1', fetch)))('%s', async (client) => {
    const cache = new InMemoryCache()
    const caching = createCachingFetch({ cache, tenant: SHARED, fetch: send })
    const { ask } = clientCalls(server.url, caching)[client] ?? {}
    for (const _ of [1, 2]) await ask?.()
    const { savings } = caching.getStats()
    expect(savings).toMatchObject({ calls: 1, countedCalls: 1 })
    expect(savings.rows[0]?.model).toMatch(/-test$/)
  })
})
