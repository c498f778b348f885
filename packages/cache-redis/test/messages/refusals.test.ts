import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCacheOptions } from '../../src/index.js'
import { sharedRedis } from '../set-up.js'
import { recordMessages } from './set-up.js'

const at = sharedRedis()
const messages = recordMessages()
const LONG = { timeout: 10_000 }

/** Returns the URL of a user who may do everything but this. */
async function urlWithout(...rights: string[]): Promise<string> {
  const user = `without-${rights.join('').replaceAll(/[^a-z]/g, '')}`
  const all = ['on', '>hunter2', '~*', '&*', '+@all']
  await at.raw.call('ACL', 'SETUSER', user, 'reset', ...all, ...rights)
  return at.redis.url.replace('//', `//${user}:hunter2@`)
}

const warn = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('warn'))

describe('client tracking that is refused', () => {
  test.each([
    ['CLIENT', ['-client'], 'CLIENT ID'],
    ['CLIENT TRACKING', ['-client|tracking'], 'CLIENT TRACKING'],
    ['SUBSCRIBE', ['-subscribe'], 'SUBSCRIBE'],
    ['PING', ['-ping'], 'PING'],
    ['the channel', ['resetchannels'], 'CHANNELS'],
  ])('without %s is reported once with the rights it needs', async (_what, rights, code) => {
    const cache = messages.open({ redisUrl: await urlWithout(...rights), name: 'sessions' })
    await cache.connect()
    await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('refused'), LONG)
    await cache.set('key', 1)
    expect(await cache.get('key')).toBe(1)
    await sleep(1)
    expect(messages.warnings.all).toEqual([
      {
        code: 'VERBATIM_TRACKING_REFUSED',
        message: expect.stringMatching(
          /^sessions: Client tracking was refused. Redis at 127.0.0.1:/,
        ),
      },
    ])
    const [{ message } = { message: '' }] = messages.warnings.all
    expect(message).toContain(`(NOPERM ${code})`)
    expect(message).toMatch(/grant the user CLIENT ID, CLIENT TRACKING, SUBSCRIBE, PING/)
    expect(message).toMatch(/every read asks Redis/)
    expect(message).not.toContain('hunter2')
  })

  test('is not reported by a cache without a memory tier', async () => {
    const cache = messages.open({ redisUrl: await urlWithout('-client'), enableL1Cache: false })
    await cache.connect()
    await sleep(300)
    expect(messages.warnings.all).toEqual([])
  })
})

describe('a command that is forbidden', () => {
  const cases: [string, string, string, Partial<GenericRedisCacheOptions>][] = [
    ['GETRANGE, without scripts', '-getrange', 'GETRANGE', {}],
    ['SCAN', '-scan', 'SCAN', {}],
    ['SET, in a script', '-set', 'SCRIPT', {}],
  ]
  test.each(cases)(
    '%s is reported once, however often it is called',
    async (_what, right, code) => {
      const rights =
        code === 'GETRANGE' ? [right, '-eval', '-evalsha', '-fcall', '-function'] : [right]
      const redisUrl = await urlWithout(...rights)
      const cache = messages.open({ redisUrl, enableL1Cache: false })
      const { cache: logged, logger } = messages.openLogged({ redisUrl, enableL1Cache: false })
      for (const each of [cache, logged]) {
        await each.connect()
        for (let times = 0; times < 5; times++) {
          await each.set('key', 1)
          await each.get('key')
          await each.invalidatePattern('*')
        }
      }
      await sleep(1)
      const ofThis = messages.warnings.all.filter(({ message }) =>
        message.includes(`NOPERM ${code}`),
      )
      expect(ofThis).toEqual([
        {
          code: 'VERBATIM_COMMAND_REFUSED',
          message: expect.stringMatching(/A call was refused\./),
        },
      ])
      expect(warn(logger.lines).filter((line) => line.includes(`NOPERM ${code}`))).toHaveLength(1)
    },
  )

  test('by a server that has run out of memory is reported', async () => {
    const cache = messages.open({ redisUrl: at.redis.url })
    await cache.connect()
    await at.raw.config('SET', 'maxmemory', '1')
    try {
      for (let times = 0; times < 3; times++) await cache.set(`key:${times}`, 'private')
    } finally {
      await at.raw.config('SET', 'maxmemory', '0')
    }
    await sleep(1)
    expect(messages.warnings.all).toEqual([
      {
        code: 'VERBATIM_COMMAND_REFUSED',
        message: expect.stringMatching(/is out of memory and refuses writes \(OOM\): raise/),
      },
    ])
  })
})

describe('the logger receives', () => {
  test('that Redis holds keys of others, once for a reason, without the key', async () => {
    const { cache, logger } = messages.openLogged({ redisUrl: at.redis.url })
    for (let index = 0; index < 20; index++) await at.raw.set(`cache:secret:${index}`, 'x')
    await at.raw.lpush('cache:list', 'x')
    for (let index = 0; index < 20; index++) await cache.get(`secret:${index}`)
    await cache.get('list')
    expect(warn(logger.lines)).toEqual([
      expect.stringMatching(/another program wrote it. It counts as a miss and stays/),
      expect.stringMatching(/it is not a string/),
    ])
    expect(logger.lines.join()).not.toContain('secret')
  })

  test('that a value was damaged', async () => {
    const { cache, logger } = messages.openLogged({ redisUrl: at.redis.url, enableL1Cache: false })
    await cache.set('key', 'value')
    const line = (await at.raw.get('cache:key')) ?? ''
    await at.raw.set('cache:key', line.replace('value', 'walue'))
    expect(await cache.get('key')).toBeUndefined()
    expect(warn(logger.lines)).toEqual([
      expect.stringMatching(/held a damaged value of this cache/),
    ])
  })

  test('that an invalidation was given up', { timeout: 90_000 }, async () => {
    const redisUrl = await urlWithout('-unlink')
    const { cache, logger } = messages.openLogged({ redisUrl })
    await cache.set('secret', 1)
    await cache.delete('secret')
    await vi.waitFor(() => expect(logger.lines.join()).toMatch(/of a key was given up/), {
      timeout: 80_000,
    })
    expect(logger.lines.join()).not.toContain('secret')
  })

  test('that Redis denies scripts, once', async () => {
    const redisUrl = await urlWithout('-eval', '-evalsha')
    const { cache, logger } = messages.openLogged({ redisUrl })
    await cache.connect()
    expect(logger.lines.filter((line) => line.includes('denies scripts'))).toEqual([
      expect.stringMatching(/^info sessions: .* Grant EVAL and EVALSHA\.$/),
    ])
  })

  test('nothing above debug of a cache that works', async () => {
    const { cache, logger } = messages.openLogged({ redisUrl: at.redis.url })
    await cache.connect()
    await cache.set('key', 1, { tags: ['a'] })
    await cache.get('key')
    await cache.invalidateTags(['a'])
    await cache.close()
    expect(logger.lines.filter((line) => !line.startsWith('debug'))).toEqual([])
  })
})

describe('an invalidation that matches nothing', () => {
  test.each<[string, GenericRedisCacheOptions]>([
    ['in Redis', {}],
    ['in Redis without a memory tier', { enableL1Cache: false }],
    ['in memory', { redisUrl: undefined }],
  ])('%s is logged', async (where, options) => {
    const redisUrl = where === 'in memory' ? undefined : at.redis.url
    const { cache, logger } = messages.openLogged({ redisUrl, ...options })
    await cache.connect()
    await cache.set('user:1', 1, { tags: ['used'] })
    logger.lines.length = 0
    expect(await cache.invalidatePattern('users:*')).toBe(0)
    await cache.invalidateTags(['unused'])
    expect(logger.lines).toEqual([
      'debug sessions: An invalidation by pattern matched no entry.',
      'debug sessions: An invalidation by tags matched no entry.',
    ])
    await cache.invalidateTags(['unused', 'used'])
    expect(logger.lines).toHaveLength(2)
    expect(await cache.get('user:1')).toBeUndefined()
  })

  test.each(['app[1]:', 'cache:'])(
    'gives a hint once when it has the key prefix %s',
    async (keyPrefix) => {
      const cache = messages.open({ redisUrl: at.redis.url, keyPrefix })
      await cache.set('user:1', 1)
      for (let times = 0; times < 2; times++) {
        expect(await cache.invalidatePattern(`${keyPrefix}user:*`)).toBe(0)
      }
      await sleep(1)
      expect(messages.warnings.all).toEqual([
        {
          code: 'VERBATIM_PATTERN_WITH_PREFIX',
          message: expect.stringMatching(/matched no entry. .* leave the key prefix out/),
        },
      ])
    },
  )

  test('is not reported while Redis is unavailable, because its matches are unknown', async () => {
    const { cache, logger } = messages.openLogged({ redisUrl: 'redis://127.0.0.1:1' })
    await cache.connect()
    expect(await cache.invalidatePattern('cache:*')).toBe(0)
    await cache.invalidateTags(['unused'])
    expect(logger.lines.join()).not.toContain('matched no entry')
  })

  test('gives no hint when keys start like the prefix', async () => {
    const cache = messages.open({ redisUrl: at.redis.url })
    await cache.set('cache:user', 1)
    expect(await cache.invalidatePattern('cache:*')).toBe(1)
    await sleep(1)
    expect(messages.warnings.all).toEqual([])
  })
})

test('a TTL of more than a year is reported once, by both tiers together', async () => {
  const { cache, logger } = messages.openLogged({ redisUrl: at.redis.url })
  await cache.set('key', 1, 86_400_000)
  await cache.setMany([['other', 1]], '400d')
  await cache.getOrSet('loaded', () => 1, { ttl: Date.now() / 1_000 })
  await cache.add('added', 1, 31_536_001)
  expect(warn(logger.lines)).toEqual([expect.stringMatching(/seconds, not milliseconds/)])
  await sleep(1)
  expect(messages.warnings.all).toEqual([])
})
