import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { expect, test } from 'vitest'
import { KEY, SECRET, setUp } from './filled-dashboard.js'

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
      { key: 'user:2', ttl: null, jsonBytes: 33 },
      { key: 'user:1', ttl: expect.closeTo(300, 0), jsonBytes: 44 },
    ],
    hasMore: false,
  })

  const path = 'api/entry?cache=users&key=user:1'
  expect(await get(path)).toMatchObject({
    value: { name: `[text of ${SECRET.length} characters]`, visits: '[number]' },
    isRedacted: true,
  })
  expect(await get(`${path}&reveal=true`)).toMatchObject({ value: { name: SECRET, visits: 7 } })
  // Looking is not reading.
  expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })

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

test('a search in a cache without Redis changes none of its figures', async () => {
  await using responses = new GenericRedisCache()
  await responses.set('user:1', { name: SECRET })
  const { send } = await setUp({ apiKey: KEY, caches: { responses } })
  const list = await send('GET', 'api/entries?cache=responses', undefined, KEY)
  expect(await list.json()).toMatchObject({ entries: [{ key: 'user:1' }] })
  expect(responses.getStats()).toMatchObject({ hits: 0, misses: 0 })
  const path = 'api/entry?cache=responses&key=user:1&reveal=true'
  const entry = await send('GET', path, undefined, KEY)
  expect(await entry.json()).toMatchObject({ value: { name: SECRET }, jsonBytes: 33 })
})

test('the explorer lists the hits of an entry among the recorded requests', async () => {
  const { cache, dashboard, send } = await setUp()
  const long = 'k'.repeat(1_024)
  await cache.set(long, 1)
  for (const outcome of ['miss', 'hit', 'stale', 'joined', 'hit', 'error'] as const) {
    dashboard.recordRequest({ outcome, key: long, durationMs: 1 })
  }
  dashboard.recordRequest({ outcome: 'miss', key: 'user:1', durationMs: 1 })
  const response = await send('GET', 'api/entries?cache=users', undefined, KEY)
  const { entries } = (await response.json()) as { entries: { key: string; hits?: number }[] }
  expect(Object.fromEntries(entries.map(({ key, hits }) => [key, hits]))).toEqual({
    [long]: 3,
    'user:1': 0,
    'user:2': undefined,
    other: undefined,
  })
})

test('the explorer shows values that JSON cannot carry', async () => {
  const { cache, send } = await setUp()
  const circle: Record<string, unknown> = { list: [] }
  circle['self'] = circle
  let deep: unknown = 'the end'
  for (let level = 0; level < 20_000; level++) deep = [deep]
  const values = {
    number: 2n ** 64n,
    map: new Map([['name', 'Ada']]),
    date: new Date(0),
    bytes: Buffer.from('Ada'),
    nothing: [undefined, Number.NaN, Symbol.iterator, null],
    circle,
    deep,
    ['__proto__']: { name: 'Ada' },
  }
  await cache.set('odd', values)
  const shown = async (query: string): Promise<Record<string, unknown>> => {
    const response = await send('GET', `api/entry?cache=users&key=odd${query}`, undefined, KEY)
    expect(response.status).toBe(200)
    return ((await response.json()) as { value: Record<string, unknown> }).value
  }
  expect(await shown('&reveal=true')).toMatchObject({
    number: '[18446744073709551616n]',
    map: "[Map(1) { 'name' => 'Ada' }]",
    date: '[1970-01-01T00:00:00.000Z]',
    bytes: '[Buffer(3) [Uint8Array] [ 65, 100, 97 ]]',
    nothing: ['[undefined]', '[NaN]', '[Symbol(Symbol.iterator)]', null],
    circle: { list: [], self: '[circular]' },
  })
  expect(JSON.stringify(await shown(''))).not.toContain('Ada')
  expect((await send('GET', 'api/entries?cache=users', undefined, KEY)).status).toBe(200)
})

test('a search measures the first 16 MiB of values alone', async () => {
  const { cache, send } = await setUp()
  await cache.clear()
  const text = 'x'.repeat(1_000_000)
  for (let entry = 0; entry < 20; entry++) await cache.set(`large:${entry}`, { text })
  const response = await send('GET', 'api/entries?cache=users', undefined, KEY)
  const { entries } = (await response.json()) as { entries: { jsonBytes?: number }[] }
  expect(entries.filter(({ jsonBytes }) => jsonBytes === 1_000_011)).toHaveLength(17)
  expect(entries.filter(({ jsonBytes }) => jsonBytes === undefined)).toHaveLength(3)
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
