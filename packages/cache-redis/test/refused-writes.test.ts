import { describe, expect, test } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

/** Redis takes no writes any more. */
const REFUSALS: [word: string, setting: string, value: string][] = [
  ['OOM', 'maxmemory', '1'],
  ['NOREPLICAS', 'min-replicas-to-write', '1'],
]

const WITHOUT_SCRIPTS = ['+@all', '-@scripting', '~*', '&*']

async function openAs(
  rights: string[],
  onBackendError: 'degrade' | 'throw',
): Promise<{ cache: GenericRedisCache; warnings: string[] }> {
  await at.raw.call('ACL', 'SETUSER', 'user', 'reset', 'on', '>secret', ...rights)
  const redisUrl = at.redis.url.replace('redis://', 'redis://user:secret@')
  const warnings: string[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (text: string) => warnings.push(text),
  }
  const cache = await at.openConnected({ redisUrl, onBackendError, logger })
  return { cache, warnings }
}

describe.each(REFUSALS)('while Redis refuses writes with %s', (word, setting, value) => {
  test.each<[string, string[], 'degrade' | 'throw']>([
    ['scripts', ['+@all', '~*', '&*'], 'degrade'],
    ['scripts', ['+@all', '~*', '&*'], 'throw'],
    ['plain commands', WITHOUT_SCRIPTS, 'degrade'],
    ['plain commands', WITHOUT_SCRIPTS, 'throw'],
  ])('a loaded value is reported as not stored (%s, %o, %s)', async (_way, rights, policy) => {
    const { cache, warnings } = await openAs(rights, policy)
    await cache.set('held', 'value')
    const refused: string[] = []
    cache.on('not_stored', (key, error) => refused.push(`${key} ${error.code}`))
    await at.raw.config('SET', setting, value)
    for (let load = 1; load <= 3; load++) {
      expect(await cache.getOrSet('key', () => load)).toBe(load)
    }
    expect(refused).toEqual(Array.from({ length: 3 }, () => 'key LOAD_NOT_LEASED'))
    expect(cache.getStats()).toMatchObject({
      notStored: { LOAD_NOT_LEASED: 3 },
      redis: { errors: { BACKEND_REFUSED: 3 } },
    })
    expect(warnings.filter((text) => text.includes(`(${word})`))).toHaveLength(1)
    expect(await cache.getOrSet('held', () => 'loaded')).toBe('value')
  })
})

test('a value that is loaded while Redis gives no lease is stored once it does', async () => {
  const cache = await at.openConnected()
  await at.raw.config('SET', 'maxmemory', '1')
  await cache.getOrSet('key', () => 1)
  await at.raw.config('SET', 'maxmemory', '0')
  expect(await cache.getOrSet('key', () => 2)).toBe(2)
  expect(await cache.getOrSet('key', () => 3)).toBe(2)
})
