import { once } from 'node:events'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { Dashboard, RequestTracer } from '@verbatim/cache-monitoring/dashboard'
import { askRedis, startRedis } from '@verbatim/test-support'
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { type CachePluginOptions, cachePlugin } from '../../src/fastify/index.js'
import { AIResponseCache, type CachedResponse } from '../../src/index.js'

interface Held {
  readonly signals: AbortSignal[]
  readonly release: () => void
}

interface Setup extends Held {
  readonly app: FastifyInstance
}

/** Creates an application whose answers wait until they are released. */
async function setUp(options: CachePluginOptions = {}): Promise<Setup> {
  const app = fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  const signals: AbortSignal[] = []
  const released = new AbortController()
  await app.register(cachePlugin, options)
  await app.register(async (scope) => {
    scope.post('/answers', ({ body }, reply) => {
      const { text } = body as { readonly text: string }
      const answer = reply.getOrCompute({ text, operation: 'qa' }, async ({ signal }) => {
        signals.push(signal)
        if (text === 'fails') throw new RangeError('the text of Ada')
        if (!released.signal.aborted) {
          await Promise.race([once(released.signal, 'abort'), once(signal, 'abort')])
        }
        signal.throwIfAborted()
        return `answer ${signals.length}`
      })
      return responseOf(answer)
    })
  })
  return { app, signals, release: () => released.abort() }
}

async function responseOf(
  answer: Promise<CachedResponse>,
): Promise<{ readonly response: unknown }> {
  const { response } = await answer
  return { response }
}

const ask = (app: FastifyInstance, text = 'why'): Promise<LightMyRequestResponse> =>
  app.inject({ method: 'POST', url: '/answers', payload: { text } })

const outcome = ({ headers, body }: LightMyRequestResponse): unknown => [headers['x-cache'], body]

test('the second of two equal requests is a hit, also in another scope of the application', async () => {
  const { app, signals, release } = await setUp()
  release()
  expect(outcome(await ask(app))).toEqual(['MISS', '{"response":"answer 1"}'])
  expect(outcome(await ask(app))).toEqual(['HIT', '{"response":"answer 1"}'])
  expect(signals).toHaveLength(1)
  expect(app.cache.getStats()).toMatchObject({ mode: 'memory', hits: 1, misses: 1 })
})

test('a hundred equal requests at the same time are computed once', async () => {
  const { app, signals, release } = await setUp()
  const asked = Array.from({ length: 100 }, () => ask(app))
  await expect.poll(() => app.cache.getStats().joined).toBe(99)
  release()
  const outcomes = (await Promise.all(asked)).map(({ headers }) => headers['x-cache'])
  expect(outcomes.filter((each) => each === 'COALESCED')).toHaveLength(99)
  expect(signals).toHaveLength(1)
})

test('the computation is aborted when its only client leaves', async () => {
  const { app, signals } = await setUp()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const asked = fetch(`${address}/answers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"why"}',
    signal: leaving.signal,
  })
  await expect.poll(() => signals.length).toBe(1)
  leaving.abort()
  await expect(asked).rejects.toThrow()
  await expect.poll(() => signals[0]?.aborted).toBe(true)
})

test('the application connects to Redis before it is ready, and closes the cache with itself', async () => {
  await using redis = await startRedis()
  const { app, release } = await setUp({ cache: { redisUrl: redis.url } })
  release()
  expect(app.cache.getStats().mode).toBe('redis')
  expect((await ask(app)).headers['x-cache']).toBe('MISS')
  await app.close()
  const connections = async (): Promise<number> =>
    (await askRedis(redis.port, 'CLIENT LIST')).match(/^id=/gm)?.length ?? 0
  // That of this question.
  await expect.poll(connections).toBe(1)
})

test('the application starts and answers without its Redis', async () => {
  const ignore = (): void => undefined
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const { app, release } = await setUp({ cache: { redisUrl: 'redis://127.0.0.1:1', logger } })
  release()
  expect((await ask(app)).headers['x-cache']).toBe('MISS')
  expect((await ask(app)).headers['x-cache']).toBe('HIT')
})

test('a dashboard lists the requests with their way through the tiers, and failures without messages', async () => {
  await using redis = await startRedis()
  const monitor = new CachePerformanceMonitor()
  const tracer = new RequestTracer()
  const performanceMonitor = combineMonitors(monitor, tracer)
  const cache = new AIResponseCache({ redisUrl: redis.url, performanceMonitor })
  const apiKey = 'a-key-for-the-plugin'
  const dashboard = new Dashboard({ monitor, tracer, caches: { answers: cache }, apiKey })
  onTestFinished(() => dashboard.close())
  const { app, release } = await setUp({ cache, dashboard })
  release()
  await ask(app)
  await ask(app)
  expect((await ask(app, 'fails')).statusCode).toBe(500)
  const headers = { authorization: `Bearer ${apiKey}` }
  const answer = await dashboard.fetch(new Request('http://host/api/requests', { headers }))
  const text = await answer.text()
  const milliseconds: unknown = expect.any(Number)
  expect(JSON.parse(text)).toMatchObject({
    requests: [
      { outcome: 'error', operation: 'qa', reason: 'RangeError' },
      { outcome: 'hit', ageMs: milliseconds },
      {
        outcome: 'miss',
        reason: 'not requested recently',
        computeMs: milliseconds,
        steps: [
          { operation: 'get', outcome: 'miss', tier: 'redis', durationMs: milliseconds },
          { operation: 'set', outcome: 'ok', tier: 'redis', durationMs: milliseconds },
        ],
      },
    ],
  })
  expect(text).not.toContain('Ada')
})

test.each([
  [{ redisUrl: 'redis://127.0.0.1' }, /unknown field redisUrl/],
  [{ cache: { redisurl: 'redis://127.0.0.1' } }, /unknown field redisurl/],
  [{ dashboard: {} }, /^dashboard must be a Dashboard/],
])('the registration rejects %j', async (options, message) => {
  const app = fastify()
  await expect(app.register(cachePlugin, options as CachePluginOptions)).rejects.toThrow(message)
})
