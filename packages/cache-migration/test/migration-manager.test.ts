import { type CacheInterface, ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { afterAll, expect, test } from 'vitest'
import { CacheMigrationManager } from '../src/index.js'
import { newFile } from './backup-folder.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['zero', 0],
  ['negative zero', -0],
  ['false', false],
  ['empty text', ''],
  ['not a number', Number.NaN],
  ['infinity', Number.NEGATIVE_INFINITY],
  ['bigint', 123_456_789_012_345_678_901_234_567_890n],
  ['text', 'naïve café, 日本語, 😀, a line\nbreak'],
  ['half a surrogate pair', '\ud800'],
  ['undefined inside', { gone: undefined, list: [1, undefined, 3] }],
  ['date', new Date('2026-11-22T10:00:00.123Z')],
  ['invalid date', new Date(Number.NaN)],
  ['bytes', new Uint8Array([0, 10, 127, 128, 255])],
  [
    'map',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ key: 'object' }, new Set([1n])],
    ]),
  ],
  ['set', new Set(['x', null, 2])],
  ['url', new URL('https://example.org/path?q=1#part')],
  ['looks like a tag', { $date: 1, $$x: { $map: [] }, key: 'key', sha256: '', '': 0 }],
  ['a megabyte', Array.from({ length: 40_000 }, (_, index) => `${index} of many lines`).join('\n')],
  ['key with "quotes",\nbreaks and 日本語', 'value'],
])

test('every kind of value survives a copy from memory to Redis and back', async () => {
  const manager = new CacheMigrationManager({ chunkSize: 7 })
  const first = new InMemoryCache()
  await first.setMany(VALUES)
  await using between = redisCache('round-trip:')
  const second = new InMemoryCache()

  await copy(manager, first, between)
  await copy(manager, between, second)
  expect((await allOf(between)).size).toBe(VALUES.size)
  expect(await allOf(second)).toStrictEqual(VALUES)
})

test('a restore applies the remaining TTL and skips entries that expired after the backup', async () => {
  const clock = new ManualClock()
  const manager = new CacheMigrationManager({ clock })
  const source = new InMemoryCache({ clock })
  await source.set('long', 1, 100)
  await source.set('short', 2, 30)
  await source.set('forever', 3, null)
  const file = newFile()
  clock.advance(10_000)
  await manager.createBackup(source, file)

  clock.advance(20_001)
  const target = new InMemoryCache({ clock })
  expect(await manager.restoreBackup(file, target)).toMatchObject({
    success: true,
    keysRestored: 2,
    keysExpired: 1,
    keysSkipped: 0,
    successRate: 100,
  })
  expect(await target.getTtl('long')).toBeCloseTo(69.999, 6)
  expect(await target.getTtl('forever')).toBeNull()
  expect(await target.exists('short')).toBe(false)
})

test('a TTL survives a copy from memory to Redis and back', async () => {
  const manager = new CacheMigrationManager()
  const source = new InMemoryCache()
  await source.set('long', 1, '1h')
  await source.set('forever', 2, null)
  await using between = redisCache('ttl:')
  const target = new InMemoryCache()

  await copy(manager, source, between)
  await copy(manager, between, target)
  const left = await target.getTtl('long')
  expect(left).toBeGreaterThan(3_500)
  expect(left).toBeLessThanOrEqual(3_600)
  expect(await target.getTtl('forever')).toBeNull()
})

test('all keys are copied when they need several chunks', async () => {
  const manager = new CacheMigrationManager()
  const source = new InMemoryCache({ maxSize: 10_000 })
  await source.setMany(Array.from({ length: 2_503 }, (_, index) => [`key:${index}`, index]))
  const target = new InMemoryCache({ maxSize: 10_000 })
  await copy(manager, source, target)
  expect(await allOf(target)).toStrictEqual(await allOf(source))
})

function redisCache(keyPrefix: string): GenericRedisCache {
  return new GenericRedisCache({
    redisUrl: redis.url,
    keyPrefix,
    enableL1Cache: false,
    onBackendError: 'throw',
    commandTimeout: 10_000,
  })
}

async function copy(
  manager: CacheMigrationManager,
  source: CacheInterface,
  target: CacheInterface,
): Promise<void> {
  const file = newFile()
  expect(await manager.createBackup(source, file)).toMatchObject({ success: true, errors: [] })
  expect(await manager.restoreBackup(file, target)).toMatchObject({ success: true, errors: [] })
}

async function allOf(cache: CacheInterface): Promise<Map<string, unknown>> {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return cache.getMany(keys)
}
