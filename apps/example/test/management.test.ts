import { expect, test } from 'vitest'
import { startService, type TestService } from './support/service.js'

const apiKey = 'a-key-for-operators'
const authorization = `Bearer ${apiKey}`

/** Stores one result for each tenant. */
async function fill({ app }: TestService, tenants: readonly string[] = ['ada']): Promise<void> {
  for (const tenant of tenants) {
    await app.inject({
      method: 'POST',
      url: '/process',
      headers: { 'x-tenant': tenant },
      payload: { text: 'It rained all day.', operation: 'sentiment' },
    })
  }
}

function send(
  { app }: TestService,
  url: string,
  payload: object,
  headers: Record<string, string> = { authorization },
): Promise<{ status: number; body: Record<string, unknown> }> {
  return app
    .inject({ method: 'POST', url: `/internal/cache/${url}`, payload, headers })
    .then((reply) => ({ status: reply.statusCode, body: reply.json() }))
}

test('an invalidation by an operation removes its results', async () => {
  const service = await startService({ apiKey })
  await fill(service)
  expect(await send(service, 'invalidate', { operation: 'qa' })).toMatchObject({
    status: 200,
    body: { keys_invalidated: 0 },
  })
  expect(await send(service, 'invalidate', { operation: 'sentiment' })).toEqual({
    status: 200,
    body: { message: '1 entries were removed', keys_invalidated: 1 },
  })
})

test('an invalidation by a pattern removes the keys that match, and is in the statistics', async () => {
  const service = await startService({ apiKey })
  await fill(service)
  const answer = await send(service, 'invalidate', { pattern: 'op:sentiment*' })
  expect(answer).toMatchObject({ status: 200, body: { keys_invalidated: 1 } })
  const stats = await service.app.inject('/internal/cache/invalidation-stats')
  expect(stats.json()).toMatchObject({ totalInvalidations: 1, totalKeysInvalidated: 1 })
})

test.each([
  ['an empty pattern', { pattern: '' }, 'pattern'],
  ['a number', { pattern: 7 }, 'pattern'],
  ['an unknown operation', { operation: 'rhyme' }, 'operation'],
  ['both', { pattern: '*', operation: 'qa' }, undefined],
  ['neither', {}, undefined],
  ['a tenant', { operation: 'sentiment', tenant: 'ada' }, undefined],
])('%s is a 400, and nothing is removed', async (_given, payload, field) => {
  const service = await startService({ apiKey })
  await fill(service)
  const { status, body } = await send(service, 'invalidate', payload)
  expect(status).toBe(400)
  expect(body['error']).toMatchObject({ code: 'INVALID_REQUEST', ...(field && { field }) })
  expect(service.cache.getStats().memory?.activeEntries).toBe(1)
})

test.each(['invalidate', 'forget'])('%s does nothing without the key', async (url) => {
  const service = await startService({ apiKey })
  await fill(service)
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: apiKey }]) {
    expect(await send(service, url, { pattern: '*' }, headers)).toMatchObject({
      status: 401,
      body: { error: { code: 'WRONG_KEY' } },
    })
  }
  const withoutKey = await startService()
  expect(await send(withoutKey, url, { pattern: '*' })).toMatchObject({
    status: 403,
    body: { error: { code: 'NO_KEY_CONFIGURED', message: 'set API_KEY to permit this request' } },
  })
  expect(service.cache.getStats().memory?.activeEntries).toBe(1)
})

test('with tenants, a caller removes results of its own tenant only', async () => {
  const service = await startService({ apiKey, tenantHeader: 'x-tenant' })
  await fill(service, ['ada', 'charles'])
  const headers = { authorization, 'x-tenant': 'ada' }
  const entries = (): number | undefined => service.cache.getStats().memory?.activeEntries

  expect(await send(service, 'invalidate', { pattern: '*' }, headers)).toMatchObject({
    status: 403,
    body: { error: { code: 'TENANT_ONLY' } },
  })
  expect(await send(service, 'forget', { tenant: 'charles' })).toMatchObject({ status: 401 })
  expect(entries()).toBe(2)
  const removed = await send(service, 'invalidate', { operation: 'sentiment' }, headers)
  expect(removed.body).toMatchObject({ keys_invalidated: 1 })
  await fill(service, ['ada'])
  const forgotten = await send(service, 'forget', { tenant: 'charles' }, headers)
  expect(forgotten.body).toMatchObject({ keys_invalidated: 1 })
  expect(entries()).toBe(1)
})

test('the health checks answer, and responses have security headers', async () => {
  const { app } = await startService()
  const health = await app.inject('/healthz')
  expect(health.json()).toEqual({ status: 'ok' })
  expect(health.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ready', mode: 'memory' })
})

test('a client that sends too many requests gets a 429', async () => {
  const { app } = await startService()
  let reply = await app.inject('/internal/cache/status')
  for (let request = 0; request < 300; request++) reply = await app.inject('/internal/cache/status')
  expect(reply.statusCode).toBe(429)
  expect(reply.json()).toMatchObject({ error: { code: 'TOO_MANY_REQUESTS' } })
  expect((await app.inject('/healthz')).statusCode).toBe(200)
})

interface Document {
  readonly paths: Record<string, Record<string, { readonly security?: object }>>
}

test('the OpenAPI document has every route, and the routes with a key have no other effect', async () => {
  const service = await startService({ apiKey })
  const { paths } = (await service.app.inject('/internal/cache/openapi.json')).json<Document>()
  expect(Object.keys(paths)).toHaveLength(6)
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const url = `/internal/cache${path}`
      const reply = await service.app.inject({
        method: method === 'get' ? 'GET' : 'POST',
        url,
        ...(method === 'post' && { payload: {} }),
      })
      expect([url, reply.statusCode]).toEqual([url, security === undefined ? 200 : 401])
    }
  }
})

test('the page of the API opens without a slash at its end, and links are relative', async () => {
  const { app } = await startService({ apiKey })
  const reply = await app.inject('/internal/cache')
  expect([reply.statusCode, reply.headers.location]).toEqual([308, './cache/'])
  const url = '/internal/dashboard/api/settings'
  const settings = await app.inject({ url, headers: { authorization } })
  const { links } = settings.json<{ links: Record<string, string> }>()
  for (const link of Object.values(links)) {
    expect(link).toMatch(/^\.\.\//)
    const { pathname } = new URL(link, 'http://host/internal/dashboard/')
    expect((await app.inject(pathname)).statusCode).toBe(200)
  }
})

test('the dashboard finds the results of an operation', async () => {
  const service = await startService({ apiKey })
  await fill(service, ['ada'])
  const get = async (path: string): Promise<unknown> => {
    const url = `/internal/dashboard/api/${path}`
    return (await service.app.inject({ url, headers: { authorization } })).json()
  }
  const patternFor = async (operation: string): Promise<string> => {
    const answer = await get(`pattern?cache=results&operation=${operation}`)
    return encodeURIComponent((answer as { pattern: string }).pattern)
  }
  expect(await get(`count?cache=results&pattern=${await patternFor('sentiment')}`)).toEqual({
    count: 1,
    isLowerBound: false,
  })
  expect(await get(`count?cache=results&pattern=${await patternFor('qa')}`)).toEqual({
    count: 0,
    isLowerBound: false,
  })
})

test('the dashboard lists the requests of the page for holders of the key', async () => {
  const service = await startService({ apiKey })
  await fill(service, ['ada', 'ada'])
  const url = '/internal/dashboard/api/requests'
  expect((await service.app.inject(url)).statusCode).toBe(401)
  const reply = await service.app.inject({ url, headers: { authorization } })
  expect(reply.json()).toMatchObject({
    requests: [
      { outcome: 'hit', operation: 'sentiment', tier: 'memory' },
      { outcome: 'miss', operation: 'sentiment' },
    ],
  })
})
