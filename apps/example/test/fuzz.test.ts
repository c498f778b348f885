import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { expect, test } from 'vitest'
import { startService, type TestService } from './support/service.js'

const REQUESTS = Number(process.env['REQUESTS'] ?? 600)
const apiKey = 'a-key-for-the-fuzzer'
/** Words in the keys and in the values of the cache. */
const SECRET = 'Xyzzy'

const DASHBOARD_ROUTES = [
  'overview',
  'live',
  'requests',
  'entries',
  'pattern',
  'entry',
  'count',
  'delete',
  'invalidate',
  'invalidations',
  'settings',
]

/** Starts a service with one cached result. */
async function startFilled(): Promise<TestService & { readonly routes: readonly string[] }> {
  const service = await startService({ apiKey })
  const { app } = service
  const payload = { text: `${SECRET} said the voice.`, operation: 'sentiment' }
  await app.inject({ method: 'POST', url: '/process', payload })
  const { paths } = (await app.inject('/internal/cache/openapi.json')).json<{ paths: object }>()
  const routes = [
    ...Object.keys(paths).map((path) => `/internal/cache${path}`),
    ...DASHBOARD_ROUTES.map((route) => `/internal/dashboard/api/${route}`),
    '/internal/dashboard',
    '/internal/dashboard/',
    '/internal/cache',
    '/internal/cache/',
    '/playground/',
    '/playground/expire',
    '/playground/redis',
    '/process',
    '/metrics',
  ]
  return { ...service, routes }
}

const text = fc.oneof(
  fc.constantFrom('*', 'results', 'op:sentiment*', '', '[', '\\', '1m', '24h', 'true', 'sentiment'),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const name = fc.constantFrom(
  'cache',
  'pattern',
  'key',
  'tag',
  'range',
  'reveal',
  'operation',
  'tenant',
  'text',
  '__proto__',
)
const anyBody = fc.oneof(
  fc.dictionary(name, fc.oneof(text, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 5 }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string(),
)

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'] as const

interface Drawn {
  readonly route: string
  readonly method: (typeof METHODS)[number]
  readonly query: Record<string, string>
  readonly payload: unknown
  readonly type: string
  readonly authorization: string
  readonly client: string
}

/** Draws requests with this key, or with wrong ones. */
function anyRequest(
  routes: readonly string[],
  key: string | undefined,
): fc.Arbitrary<InjectOptions> {
  const drawn: fc.Arbitrary<Drawn> = fc.record({
    route: fc.constantFrom(...routes),
    method: fc.constantFrom(...METHODS),
    query: fc.dictionary(name, text, { maxKeys: 4 }),
    payload: anyBody,
    type: fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded'),
    authorization:
      key === undefined
        ? fc.constantFrom('', 'Bearer', `Basic ${apiKey}`, `Bearer ${apiKey}x`)
        : fc.constant(`Bearer ${key}`),
    // The rate limit counts by address.
    client: fc.ipV4(),
  })
  return drawn.map(requestOf)
}

function requestOf(drawn: Drawn): InjectOptions {
  const { route, query, payload, type, authorization, client } = drawn
  // The live stream of the dashboard has no end.
  const isEndless = route.endsWith('/live') && drawn.method === 'GET'
  const method = isEndless ? 'HEAD' : drawn.method
  const request: InjectOptions = {
    method,
    url: `${route}?${new URLSearchParams(query).toString()}`,
    remoteAddress: client,
    headers: { authorization },
  }
  if (method === 'GET' || method === 'HEAD') return request
  return {
    ...request,
    headers: { authorization, 'content-type': type },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  }
}

/** Sends a request. It must not fail in the server, and a request that is refused changes nothing. */
async function sendDrawn(
  { app, cache }: TestService,
  request: InjectOptions,
): Promise<{ readonly body: string; readonly addedEntries: number }> {
  const before = cache.getStats().memory?.totalEntries ?? 0
  const { statusCode, body } = await app.inject(request)
  expect(statusCode).toBeLessThan(500)
  expect(body).not.toMatch(/node_modules|\bat .+:\d+:\d+/)
  const addedEntries = (cache.getStats().memory?.totalEntries ?? 0) - before
  expect(statusCode >= 400 ? addedEntries : 0).toBe(0)
  return { body, addedEntries }
}

test('no request without the key shows or changes cached data', async () => {
  const service = await startFilled()
  const property = fc.asyncProperty(anyRequest(service.routes, undefined), async (request) => {
    const { body, addedEntries } = await sendDrawn(service, request)
    expect(body).not.toContain(SECRET)
    // Such a request may store a result of its own, and may not remove one.
    expect(addedEntries).toBeGreaterThanOrEqual(0)
  })
  await fc.assert(property, { numRuns: REQUESTS })
  expect(await service.cache.exists(await firstKey(service.cache))).toBe(true)
})

test('no request with the key is answered by a fault of the server', async () => {
  const service = await startFilled()
  expect(service.routes).toHaveLength(26)
  const property = fc.asyncProperty(anyRequest(service.routes, apiKey), async (request) => {
    await sendDrawn(service, request)
  })
  await fc.assert(property, { numRuns: REQUESTS })
})

async function firstKey(cache: TestService['cache']): Promise<string> {
  for await (const key of cache.scan(`*${SECRET}*`)) return key
  throw new Error('the cached result must still be there')
}
