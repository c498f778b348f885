import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ModelServer } from '@verbatim/model-server'
import { findRedisServer } from '@verbatim/test-support'
import type { LightMyRequestResponse } from 'fastify'
import { expect, test } from 'vitest'
import { OwnRedis } from '../src/playground/own-redis.js'
import { type ProcessAnswer, startService, type TestService } from './support/service.js'

const run = promisify(execFile)
const payload = { text: 'It rained all day.', operation: 'sentiment' }

type Reply = LightMyRequestResponse

const post = ({ app }: TestService, url: string, body: object, headers = {}): Promise<Reply> =>
  app.inject({ method: 'POST', url, payload: body, headers })

const statusOf = (reply: Reply): string => reply.json<ProcessAnswer>().cache.status

test('an expired result is computed again, or served stale to a request that permits it', async () => {
  const service = await startService({ hasControls: true })
  expect((await post(service, '/playground/expire', payload)).json()).toMatchObject({
    error: { code: 'NOT_CACHED' },
  })
  expect(statusOf(await post(service, '/process', payload))).toBe('miss')
  expect((await post(service, '/playground/expire', payload)).json()).toEqual({ expired: true })
  expect(statusOf(await post(service, '/process', payload))).toBe('miss')
  await post(service, '/playground/expire', payload)
  const stale = { 'cache-control': 'stale-while-revalidate=60' }
  const reply = await post(service, '/process', payload, stale)
  expect([statusOf(reply), reply.headers['x-cache']]).toEqual(['stale', 'STALE'])
  await expect.poll(async () => statusOf(await post(service, '/process', payload))).toBe('hit')
})

test('without controls, the page can neither expire results nor stop Redis', async () => {
  const service = await startService({ apiKey: 'a-key-for-operators' })
  expect((await service.app.inject('/playground/')).json()).toEqual({ controls: false })
  for (const [url, body] of [
    ['expire', payload],
    ['redis', { running: false }],
  ] as const) {
    expect((await post(service, `/playground/${url}`, body)).statusCode).toBe(404)
  }
})

test('the service stops and starts its own Redis, and no request fails', async () => {
  await using ownRedis = await OwnRedis.launch(await findRedisServer())
  const service = await startService({ hasControls: true, ownRedis, redisUrl: ownRedis.url })
  const modeOf = async (): Promise<unknown> =>
    (await service.app.inject('/internal/cache/status')).json<{ mode: string }>().mode
  expect((await service.app.inject('/playground/')).json()).toMatchObject({ redis: 'running' })
  expect(statusOf(await post(service, '/process', payload))).toBe('miss')
  const change = (running: unknown): Promise<Reply> =>
    post(service, '/playground/redis', { running })
  expect((await change('no')).statusCode).toBe(400)
  expect((await change(false)).json()).toEqual({ redis: 'stopped' })
  expect(statusOf(await post(service, '/process', payload))).toBe('hit')
  await expect.poll(modeOf).toBe('memory_only')
  expect((await change(true)).json()).toEqual({ redis: 'running' })
  await expect.poll(modeOf, { timeout: 20_000 }).toBe('redis')
})

test('a command that starts no redis-server is rejected', async () => {
  for (const command of ['no-such-command', 'false']) {
    await expect(OwnRedis.launch(command)).rejects.toThrow('START_REDIS must be a redis-server')
  }
})

test('a model answers in a stream, and is asked once for equal requests', async () => {
  await using server = await ModelServer.start()
  const model = { model: 'small', modelApiKey: 'secret', modelBaseUrl: `${server.url}/v1` }
  const service = await startService({ model, apiKey: 'a-key-for-operators' })
  expect((await service.app.inject('/playground/')).json()).toMatchObject({ model: 'small' })
  const [first, second] = [
    await post(service, '/process/stream', payload),
    await post(service, '/process/stream', payload),
  ]
  expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT'])
  expect(first.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(first.body.length).toBeGreaterThan(0)
  expect(second.body).toBe(first.body)
  expect(server.requests).toHaveLength(1)
  const [{ body: sent } = { body: {} }] = server.requests
  expect(sent).toMatchObject({ model: 'small', stream: true })
  const headers = { authorization: 'Bearer a-key-for-operators' }
  const listed = await service.app.inject({ url: '/internal/dashboard/api/requests', headers })
  expect(listed.json()).toMatchObject({
    requests: [
      { outcome: 'hit', operation: 'sentiment' },
      { outcome: 'miss', reason: 'not requested recently' },
    ],
  })
})

test('a model that fails is a 502 that is not stored, and other tenants do not get its answers', async () => {
  await using server = await ModelServer.start()
  const model = { model: 'small', modelApiKey: 'secret', modelBaseUrl: `${server.url}/v1` }
  const service = await startService({ model, tenantHeader: 'x-tenant' })
  server.fault = 'status'
  const failed = await post(service, '/process/stream', payload, { 'x-tenant': 'ada' })
  expect([failed.statusCode, failed.json()]).toMatchObject([
    502,
    { error: { code: 'MODEL_FAILED' } },
  ])
  server.reset()
  for (const tenant of ['ada', 'charles']) {
    const reply = await post(service, '/process/stream', payload, { 'x-tenant': tenant })
    expect(reply.headers['x-cache']).toBe('MISS')
  }
})

test('the page of the management API lists every route without a script', async () => {
  const { app } = await startService()
  const page = await app.inject('/internal/cache/')
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  expect(page.body).not.toMatch(/<script|style=|https?:\/\//)
  const { paths } = (await app.inject('/internal/cache/openapi.json')).json<{ paths: object }>()
  for (const path of Object.keys(paths))
    expect(page.body).toContain(`/internal/cache${path}</code>`)
  expect(page.body).toContain('one of summarize, sentiment, key_points, questions, qa')
})

test('a shell reads the copied command as the same request', async () => {
  const { curlOf } = (await import(new URL('../page/copies.js', import.meta.url).href)) as {
    curlOf: (url: string, body: object) => string
  }
  const body = { ...payload, text: `It's "fine" & $HOME \\ .` }
  const command = curlOf('http://127.0.0.1:3000/process', body)
  const shown = `curl() { printf '%s\\n--\\n' "$@"; }; ${command}`
  const { stdout } = await run('sh', ['-c', shown])
  const words = stdout.split('\n--\n')
  expect(words.slice(0, 2)).toEqual(['-s', 'http://127.0.0.1:3000/process'])
  expect(JSON.parse(words[words.indexOf('--data-raw') + 1] ?? '')).toEqual(body)
})
