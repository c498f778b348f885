import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { COMMANDS } from '../src/security/permissions.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

async function openAs(
  user: string,
  commands: readonly string[],
  onBackendError: 'throw' | 'degrade' = 'throw',
): Promise<GenericRedisCache> {
  const rights = [...commands.map((name) => `+${name}`), '~cache:*', '&__redis__:invalidate']
  await at.raw.call('ACL', 'SETUSER', user, 'on', '>secret', 'resetchannels', ...rights)
  const redisUrl = at.redis.url.replace('//', `//${user}:secret@`)
  return at.openConnected({ redisUrl, onBackendError })
}

async function exercise(cache: GenericRedisCache): Promise<void> {
  await cache.set('key', 'value', { tags: ['a'] })
  await cache.set('for ever', 1, { ttl: null, tags: ['a', 'b'] })
  await cache.set('long', 1, { ttl: '90d', tags: ['b'] })
  expect(await cache.get('key')).toBe('value')
  expect(await cache.getMany(['key', 'long', 'absent'])).toEqual(
    new Map<string, unknown>([
      ['key', 'value'],
      ['long', 1],
    ]),
  )
  expect(await cache.getOrSet('loaded', () => 2, { tags: ['c'] })).toBe(2)
  expect(await cache.exists('loaded')).toBe(true)
  expect(await cache.getTtl('for ever')).toBeNull()
  await cache.invalidateTags(['b'])
  expect(await cache.get('long')).toBeUndefined()
  expect(await cache.delete('key')).toBe(true)
  await cache.clear()
  expect(await cache.get('loaded')).toBeUndefined()
}

const { values, server, scripts, tracking } = COMMANDS
const EVERYTHING = [...values, ...server, ...scripts, ...tracking]
const WITHOUT_SCRIPTS = [...values, ...server, ...tracking]

test.each([
  ['scripts', EVERYTHING],
  ['commands', WITHOUT_SCRIPTS],
])(
  'a user with the documented permissions for %s can use every method',
  async (scripting, rights) => {
    const cache = await openAs(`all-${scripting}`, rights)
    await exercise(cache)
    expect(cache.getStats().redis).toMatchObject({ scripting, errors: {} })
    await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'))
  },
)

test.each([
  ['scripts', EVERYTHING],
  ['commands', WITHOUT_SCRIPTS],
])(
  'with %s, reads, loads and deletes go on while Redis is out of memory',
  async (scripting, rights) => {
    const cache = await openAs(`oom-${scripting}`, rights, 'degrade')
    await cache.set('key', 1)
    await cache.set('other', 1)
    await at.raw.config('SET', 'maxmemory', '1')
    try {
      expect(await cache.get('key')).toBe(1)
      expect(await cache.getOrSet('other', () => 2)).toBe(1)
      expect(await cache.getOrSet('absent', () => 3)).toBe(3)
      expect(cache.getStats().redis).toMatchObject({ scripting, errors: { BACKEND_REFUSED: 1 } })
      await cache.set('refused', 4)
      expect(cache.getStats().redis.errors).toEqual({ BACKEND_REFUSED: 2 })
      expect(await cache.delete('key')).toBe(true)
      expect(await at.raw.exists('cache:key')).toBe(0)
    } finally {
      await at.raw.config('SET', 'maxmemory', '0')
    }
  },
)

describe.each([
  ['scripts', EVERYTHING],
  ['commands', WITHOUT_SCRIPTS],
])('a superseded load, with %s', (mode, rights) => {
  test.each([
    ['a delete', () => at.raw.unlink('cache:key')],
    ['another value', () => at.raw.copy('cache:other', 'cache:key', 'REPLACE')],
  ])('by %s is answered, and leaves nothing in Redis that is older', async (change, supersede) => {
    const cache = await openAs(`overtaken-${mode}`, rights)
    await at.raw.unlink('cache:key')
    await cache.set('other', 'newer')
    const value = cache.getOrSet('key', async () => {
      await supersede()
      return 'loaded'
    })
    expect(await value).toBe('loaded')
    const left = await at.raw.getBuffer('cache:key')
    // A copy under another key is not a value of this key: this cache may not replace it.
    const isRetained = change !== 'a delete'
    expect(left).toEqual(isRetained ? await at.raw.getBuffer('cache:other') : null)
  })

  test('two processes load a key once', async () => {
    const [one, two] = [await openAs(`once-${mode}`, rights), await openAs(`once-${mode}`, rights)]
    await at.raw.unlink('cache:key')
    const load = vi.fn(() => sleep(100, 'loaded'))
    expect(await Promise.all([one.getOrSet('key', load), two.getOrSet('key', load)])).toEqual([
      'loaded',
      'loaded',
    ])
    expect(load).toHaveBeenCalledTimes(1)
  })
})

test('by way of plain a lease holds although another process takes the time to be earlier', async () => {
  const name = 'cache:key'
  const [one, two] = [
    await openAs('early', WITHOUT_SCRIPTS),
    await openAs('early', WITHOUT_SCRIPTS),
  ]
  const load = vi.fn(() => sleep(300, 'loaded'))
  const first = one.getOrSet('key', load)
  await vi.waitFor(async () => expect(await at.raw.exists(name)).toBe(1))
  const lease = String(await at.raw.get(name))
  const later = lease.replace(/\d+$/, (until) => String(Number(until) + 500))
  await at.raw.set(name, later, 'KEEPTTL')
  expect(await Promise.all([first, two.getOrSet('key', load)])).toEqual(['loaded', 'loaded'])
  expect(load).toHaveBeenCalledTimes(1)
})

test('a user who may not listen asks Redis each time', async () => {
  const cache = await openAs('deaf', [...values, ...server, ...scripts])
  await exercise(cache)
  expect(cache.getStats().memory).toMatchObject({ tracking: 'refused', hits: 0 })
  expect(cache.getStats().redis.errors).toEqual({})
})
