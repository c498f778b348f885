import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { expect, onTestFinished, test } from 'vitest'
import { Dashboard } from '../../src/dashboard/index.js'
import type { DashboardOptions } from '../../src/dashboard/options.js'
import type { Overview } from '../../src/dashboard/overview.js'
import { CachePerformanceMonitor } from '../../src/index.js'

const KEY = 'a key for the tests'.replaceAll(' ', '-')
const SECRET = 'the cached text of Ada'

const GUARDED = [
  ['GET', 'api/requests'],
  ['GET', 'api/entries?cache=users'],
  ['GET', 'api/entry?cache=users&key=user:1'],
  ['GET', 'api/count?cache=users&pattern=*'],
  ['POST', 'api/delete', { cache: 'users', key: 'user:1' }],
  ['POST', 'api/invalidate', { cache: 'users', pattern: '*' }],
  ['GET', 'api/invalidations'],
  ['GET', 'api/settings'],
] as const

interface Setup {
  readonly cache: InMemoryCache
  readonly dashboard: Dashboard
  readonly send: (method: string, path: string, body?: object, key?: string) => Promise<Response>
}

async function setUp(options: Partial<DashboardOptions> = { apiKey: KEY }): Promise<Setup> {
  const monitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  const dashboard = new Dashboard({ monitor, caches: { users: cache }, ...options })
  onTestFinished(() => dashboard.close())
  await cache.set('user:1', { name: SECRET, visits: 7 }, { ttl: '5m', tags: ['users'] })
  await cache.set('user:2', { name: SECRET }, null)
  await cache.set('other', 1)
  const send: Setup['send'] = (method, path, body, key) =>
    dashboard.fetch(
      new Request(`http://host/${path}`, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  return { cache, dashboard, send }
}

function overviewOf(response: Response): Promise<Overview> {
  return response.json() as Promise<Overview>
}

test.each(GUARDED)('%s %s needs the key', async (method, path, body?: object) => {
  const { cache, send } = await setUp()
  for (const key of [undefined, 'wrong', `${KEY}x`, KEY.slice(1)]) {
    const response = await send(method, path, body, key)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toMatch(/user:1|Ada/)
  }
  expect(cache.size()).toBe(3)
  expect((await send(method, path, body, KEY)).status).toBe(200)
})

test.each(GUARDED)(
  '%s %s says what to do without a configured key',
  async (method, path, body?: object) => {
    const { send } = await setUp({})
    for (const key of [undefined, 'undefined', '']) {
      const response = await send(method, path, body, key)
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({
        error: { code: 'NO_KEY_CONFIGURED', message: expect.stringContaining('apiKey') },
      })
    }
  },
)

test('the overview is open, and has no keys and no values', async () => {
  const { cache, dashboard, send } = await setUp()
  await cache.get('user:1')
  await cache.get('absent')
  dashboard.recordRequest({ outcome: 'hit', key: 'user:1', durationMs: 1, computeMs: 101 })
  const response = await send('GET', 'api/overview?range=1h')
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({
    range: '1h',
    rangeSeconds: 3_600,
    now: {
      totals: { hits: 1, misses: 1, errors: 0, hitRate: 50 },
      saved: { hits: 1, milliseconds: 100 },
      caches: [{ name: 'users', mode: 'memory', entries: 3 }],
    },
  })
  expect(body).not.toMatch(/user:1|Ada/)
  expect(response.headers.get('content-security-policy')).not.toContain('unsafe')
})

test('unknown figures are absent', async () => {
  const { send } = await setUp({ caches: {} })
  const overview = await overviewOf(await send('GET', 'api/overview'))
  expect(overview.now).not.toHaveProperty('saved')
  expect(overview.now.totals).not.toHaveProperty('hitRate')
})

test('the explorer finds the keys of an operation and a tenant where the cache knows them', async () => {
  class Responses extends InMemoryCache {
    keyPattern({ operation = '*', tenant }: { operation?: string; tenant?: string }): string {
      return `${tenant ?? ''}op:${operation}|*`
    }
  }
  const { send } = await setUp({
    apiKey: KEY,
    caches: { responses: new Responses(), users: new InMemoryCache() },
  })
  const get = (path: string): Promise<Response> => send('GET', path, undefined, KEY)
  expect((await send('GET', 'api/pattern?cache=responses&operation=qa')).status).toBe(401)
  const pattern = await get('api/pattern?cache=responses&operation=qa&tenant=')
  expect(await pattern.json()).toEqual({ pattern: 'op:qa|*' })
  const ofTenant = await get('api/pattern?cache=responses&tenant=ada')
  expect(await ofTenant.json()).toEqual({ pattern: 'adaop:*|*' })
  const unknown = await get('api/pattern?cache=users&operation=qa')
  expect([unknown.status, await unknown.json()]).toEqual([
    400,
    { error: { code: 'NO_OPERATIONS', message: 'the keys of this cache have no operations' } },
  ])
  expect(await (await get('api/settings')).json()).toMatchObject({
    caches: [
      { name: 'responses', hasOperations: true },
      { name: 'users', hasOperations: false },
    ],
  })
})

test('the explorer lists, opens, deletes and invalidates', async () => {
  const { cache, send } = await setUp()
  const get = async (path: string): Promise<unknown> =>
    (await send('GET', path, undefined, KEY)).json()
  expect(await get('api/entries?cache=users&pattern=user:*')).toEqual({
    entries: [
      { key: 'user:2', ttl: null },
      { key: 'user:1', ttl: expect.closeTo(300, 0) },
    ],
    hasMore: false,
  })
  // Listing is not reading.
  expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })

  const path = 'api/entry?cache=users&key=user:1'
  expect(await get(path)).toMatchObject({
    value: { name: `[text of ${SECRET.length} characters]`, visits: '[number]' },
    isRedacted: true,
  })
  expect(await get(`${path}&reveal=true`)).toMatchObject({ value: { name: SECRET, visits: 7 } })

  expect(await get('api/count?cache=users&pattern=user:*')).toEqual({
    count: 2,
    isLowerBound: false,
  })
  await send('POST', 'api/delete', { cache: 'users', key: 'user:1' }, KEY)
  expect(await cache.exists('user:1')).toBe(false)
  const invalidated = await send(
    'POST',
    'api/invalidate',
    { cache: 'users', pattern: 'user:*' },
    KEY,
  )
  expect(await invalidated.json()).toEqual({ removed: 1 })
  expect(await get('api/invalidations')).toMatchObject({
    dashboard: [
      { cache: 'users', target: 'user:*', keys: 1 },
      { cache: 'users', target: 'user:1', keys: 1 },
    ],
    others: [],
  })
})

test('the explorer invalidates a tag', async () => {
  const { cache, send } = await setUp()
  await send('POST', 'api/invalidate', { cache: 'users', tag: 'users' }, KEY)
  expect([await cache.exists('user:1'), await cache.exists('user:2')]).toEqual([false, true])
})

test('the explorer finds a key with the characters of globs', async () => {
  const { cache, send } = await setUp()
  await cache.set('a*[b]', 1)
  const query = new URLSearchParams({ cache: 'users', key: 'a*[b]' })
  const response = await send('GET', `api/entry?${query.toString()}`, undefined, KEY)
  expect(await response.json()).toMatchObject({ key: 'a*[b]' })
})

test('the requests are listed newest first, and only the newest 500', async () => {
  const { dashboard, send } = await setUp()
  for (let request = 1; request <= 600; request++) {
    dashboard.recordRequest({ outcome: 'miss', key: `key ${request}`, durationMs: request })
  }
  const response = await send('GET', 'api/requests', undefined, KEY)
  const { requests } = (await response.json()) as { requests: object[] }
  expect(requests).toHaveLength(500)
  expect(requests[0]).toMatchObject({ id: 600, key: 'key 600', durationMs: 600, outcome: 'miss' })
})

test.each([
  ['GET', 'api/overview?range=2h', 400],
  ['POST', 'api/overview', 405],
  ['GET', 'api/delete', 405],
  ['GET', 'api/nothing', 404],
  ['GET', 'constructor', 404],
  ['GET', '../package.json', 404],
  ['GET', 'api/entries?cache=none', 404],
  ['GET', 'api/count?cache=users', 400],
  ['POST', 'api/invalidate', 415],
  ['GET', `api/entries?cache=users&pattern=a${'%20'.repeat(5_000)}`, 400],
] as const)('%s %.50s answers %i', async (method, path, status) => {
  const { send } = await setUp()
  const response = await send(method, path, undefined, KEY)
  expect(response.status).toBe(status)
  expect(await response.text()).not.toMatch(/\bat .*:\d+:\d+/)
})

test.each([
  [{ cache: 'users', pattern: '' }],
  [{ cache: 'users', pattern: 7 }],
  [{ cache: 'users' }],
  [{ pattern: '*' }],
  [[]],
])('an invalidation by %j removes nothing', async (body) => {
  const { cache, send } = await setUp()
  const response = await send('POST', 'api/invalidate', body, KEY)
  expect(response.status).toBe(400)
  expect(cache.size()).toBe(3)
})

test('the settings show no secrets', async () => {
  const { send } = await setUp({ apiKey: KEY, links: { Metrics: '/metrics' } })
  const response = await send('GET', 'api/settings', undefined, KEY)
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({
    node: process.version,
    caches: [{ name: 'users', type: 'InMemoryCache' }],
    links: { Metrics: '/metrics' },
  })
  expect(body).not.toContain(KEY)
})

test('an unexpected failure is a 500, and the log has its place without values', async () => {
  const lines: string[] = []
  const ignore = (): void => undefined
  const logger = {
    ...{ debug: ignore, info: ignore, warn: ignore },
    error: (line: string) => lines.push(line),
  }
  const { cache, send } = await setUp({ apiKey: KEY, logger })
  cache.scan = () => {
    throw new TypeError(`cannot read ${SECRET}`, { cause: new RangeError(SECRET) })
  }
  const response = await send('GET', 'api/count?cache=users&pattern=Ada*', undefined, KEY)
  expect(response.status).toBe(500)
  expect(await response.json()).toEqual({
    error: { code: 'INTERNAL_ERROR', message: 'the dashboard failed; its log has the reason' },
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(
    /^The dashboard failed to answer api\/count: TypeError at .+routes\.test\.ts:.+, caused by RangeError at /,
  )
  expect(lines[0]).not.toContain('Ada')
})

test('the state of a cache without Redis has neither circuit nor tracking', async () => {
  await using cache = new GenericRedisCache()
  const { send } = await setUp({ caches: { generic: cache } })
  const overview = await overviewOf(await send('GET', 'api/overview'))
  const [state] = overview.now.caches
  expect(state).toMatchObject({ name: 'generic', mode: 'memory', entries: 0 })
  expect(state).not.toHaveProperty('circuit')
  expect(state).not.toHaveProperty('tracking')
})

test.each([
  [
    { apiKey: 'short' },
    /^apiKey must be 16 to 256 visible ASCII characters; received another text$/,
  ],
  [{ caches: { users: {} } }, /^caches\.users must be a cache/],
  [{ logger: {} }, /^logger must be an object with the methods/],
  [{ monitor: {} }, /^monitor must be a CachePerformanceMonitor/],
  [{ links: { Grafana: 'javascript:alert(1)' } }, /^links\.Grafana must be an http address/],
  [{ apikey: KEY }, /unknown field apikey\. Did you mean apiKey\?/],
])('the constructor rejects %j', (options, message) => {
  const all = { monitor: new CachePerformanceMonitor(), ...options } as unknown as DashboardOptions
  expect(() => new Dashboard(all)).toThrow(message)
})

test.each([
  [{ outcome: 'found', key: 'a', durationMs: 1 }, /^record\.outcome must be one of/],
  [{ outcome: 'hit', key: 1, durationMs: 1 }, /^record\.key must be a string/],
  [{ outcome: 'hit', key: 'a', durationMs: -1 }, /^record\.durationMs must be/],
  [
    { outcome: 'hit', key: 'a', durationMs: 1, computeMs: Number.NaN },
    /^record\.computeMs must be/,
  ],
  [{ outcome: 'hit', key: 'a' }, /^record\.durationMs must be/],
])('recordRequest rejects %j', async (record, message) => {
  const { dashboard } = await setUp()
  expect(() => dashboard.recordRequest(record as never)).toThrow(message)
})
