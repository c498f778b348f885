import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { expect, test } from 'vitest'
import { Dashboard } from '../../src/dashboard/index.js'
import type { DashboardOptions } from '../../src/dashboard/options.js'
import type { Overview } from '../../src/dashboard/overview.js'
import { CachePerformanceMonitor } from '../../src/index.js'
import { KEY, SECRET, SILENT, setUp } from './filled-dashboard.js'

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

test('the settings show no secrets', async () => {
  const { send } = await setUp({ apiKey: KEY, links: { Metrics: '/metrics' } })
  const response = await send('GET', 'api/settings', undefined, KEY)
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({
    node: process.version,
    caches: [{ name: 'users', type: 'InMemoryCache', defaultTtl: 3_600, maxEntries: 1_000 }],
    links: { Metrics: '/metrics' },
  })
  expect(body).not.toContain(KEY)
})

test('the settings have the figures of Redis while it answers', async () => {
  const password = 'a-password-for-redis'
  await using redis = await startRedis('--requirepass', password)
  const redisUrl = redis.url.replace('//', `//:${password}@`)
  await using answers = new GenericRedisCache({ redisUrl, logger: SILENT })
  await answers.connect()
  const { send } = await setUp({ apiKey: KEY, caches: { answers } })
  const settings = async (): Promise<string> =>
    (await send('GET', 'api/settings', undefined, KEY)).text()
  const connected = await settings()
  expect(JSON.parse(connected)).toMatchObject({
    caches: [
      {
        ...{ mode: 'redis', scripting: 'scripts', defaultTtl: 3_600 },
        ...{ redisUsedBytes: expect.any(Number), redisClients: expect.any(Number) },
      },
    ],
  })
  await redis.stop('SIGKILL')
  await answers.get('any')
  const [state] = (JSON.parse(await settings()) as { caches: object[] }).caches
  expect(state).toMatchObject({ mode: 'memory_only', lastError: expect.stringContaining('Redis') })
  expect(state).not.toHaveProperty('redisUsedBytes')
  expect(`${connected}${JSON.stringify(state)}`).not.toContain(password)
})

test('an unexpected failure is a 500, and the log has its place without values', async () => {
  const lines: string[] = []
  const logger = { ...SILENT, error: (line: string) => lines.push(line) }
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
  [{ caches: { ' ': new InMemoryCache() } }, /^caches must be an object whose names have 1 to 64/],
  [{ caches: null }, /^caches must be an object of caches by name; received null$/],
  [{ caches: new Map([['users', new InMemoryCache()]]) }, /^caches must be an object of caches/],
  [{ links: '/metrics' }, /^links must be an object of addresses by title/],
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
