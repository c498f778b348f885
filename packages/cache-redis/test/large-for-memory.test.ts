import { freePort } from '@verbatim/test-support'
import { expect, test } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'

const LARGE = 'x'.repeat(5_000)

const SET_UPS: [name: string, options: () => Promise<GenericRedisCacheOptions>][] = [
  ['without Redis', async () => ({})],
  [
    'whose Redis is away',
    async () => ({ redisUrl: `redis://127.0.0.1:${await freePort()}`, onBackendError: 'degrade' }),
  ],
]

test.each(SET_UPS)(
  'a cache %s reports a loaded value that is too large for memory',
  async (_name, options) => {
    await using cache = new GenericRedisCache({ ...(await options()), l1CacheBytes: 1_000 })
    const reports: string[] = []
    cache.on('not_stored', (key, error) => reports.push(`${key} ${error.code}`))
    expect(await cache.getOrSet('key', () => LARGE)).toBe(LARGE)
    expect(reports).toEqual(['key VALUE_TOO_LARGE'])
    expect(cache.getStats().notStored).toEqual({ VALUE_TOO_LARGE: 1 })
  },
)

test('the hit rate of memory is absent until a read was answered', async () => {
  const redisUrl = `redis://127.0.0.1:${await freePort()}`
  await using cache = new GenericRedisCache({ redisUrl })
  await cache.get('key')
  expect(cache.getStats().memory).toMatchObject({ hits: 0, misses: 0 })
  expect(cache.getStats().memory).not.toHaveProperty('hitRate')
})
