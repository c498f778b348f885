import { setTimeout as sleep } from 'node:timers/promises'
import { ManualClock } from '@verbatim/cache-core'
import { type RecordedWarnings, recordingLogger, recordWarnings } from '@verbatim/test-support'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InMemoryCache, type InMemoryCacheOptions } from '../src/index.js'

let warnings: RecordedWarnings
beforeEach(() => {
  warnings = recordWarnings()
})
afterEach(() => warnings.stop())

function open(options: InMemoryCacheOptions = {}) {
  const logger = recordingLogger()
  return { logger, cache: new InMemoryCache({ name: 'pages', logger, ...options }) }
}

const YEAR = 31_536_000

describe('a TTL of more than a year', () => {
  test.each<[string, (cache: InMemoryCache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 1, 86_400_000)],
    ['set with options', (cache) => cache.set('key', 1, { ttl: '400d' })],
    ['setMany', (cache) => cache.setMany([['key', 1]], YEAR + 1)],
    ['add', (cache) => cache.add('key', 1, YEAR + 1)],
    ['getOrSet', (cache) => cache.getOrSet('key', () => 1, { ttl: Date.now() / 1_000 })],
  ])('is reported once when it is passed to %s', async (_method, store) => {
    const { cache, logger } = open()
    for (let times = 0; times < 3; times++) {
      await store(cache)
      await cache.delete('key')
    }
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn pages: A TTL of .* is longer than a year.* seconds, not milli/),
    ])
  })

  test('is reported by the constructor when it is the defaultTtl', () => {
    expect(open({ defaultTtl: 86_400_000 }).logger.lines).toHaveLength(1)
  })

  test('is a warning of the process without a logger', async () => {
    const cache = new InMemoryCache()
    await cache.set('key', 1, 86_400_000)
    await cache.set('other', 1, 86_400_000)
    await sleep(1)
    expect(warnings.all).toEqual([
      { code: 'VERBATIM_LONG_TTL', message: expect.stringContaining('1,000 days') },
    ])
  })

  test('is not reported when it is null, or a year', async () => {
    const { cache, logger } = open()
    await cache.set('key', 1, null)
    await cache.set('key', 1, YEAR)
    await cache.set('key', 1, '365d')
    expect(logger.lines).toEqual([])
  })

  test('is rejected with a hint when it is longer than a hundred years', async () => {
    await expect(open().cache.set('key', 1, Date.now() + 5_000)).rejects.toThrow(
      /a TTL is a duration, not a date, and a number counts seconds, not milliseconds/i,
    )
  })
})

describe('an invalidation that matches nothing is logged', () => {
  test('by pattern', async () => {
    const { cache, logger } = open()
    await cache.set('user:1', 1)
    expect(await cache.invalidatePattern('users:*')).toBe(0)
    expect(logger.lines).toEqual(['debug pages: An invalidation by pattern matched no entry.'])
    expect(await cache.invalidatePattern('user:*')).toBe(1)
    expect(logger.lines).toHaveLength(1)
  })

  test('by tags', async () => {
    const { cache, logger } = open()
    await cache.set('key', 1, { tags: ['a'] })
    await cache.invalidateTags(['b', 'c'])
    expect(logger.lines).toEqual(['debug pages: An invalidation by tags matched no entry.'])
    await cache.invalidateTags(['b', 'a'])
    expect(logger.lines).toHaveLength(1)
  })
})

test('a value that is too large is logged once, without its key', async () => {
  const { cache, logger } = open({ maxEntryBytes: 1_000 })
  for (let index = 0; index < 10; index++) await cache.set(`secret-${index}`, 'x'.repeat(2_000))
  await cache.setMany([['secret', 'x'.repeat(2_000)]])
  expect(logger.lines).toEqual([
    expect.stringMatching(/^warn pages: A value was not stored: .* more than the 1000 /),
  ])
})

test('a failed load in the background is logged without the message of its error', async () => {
  const clock = new ManualClock()
  const { cache, logger } = open({ clock })
  await cache.set('key', 1, 1)
  await cache.getOrSet('stale', () => 1, { ttl: 1, staleIfError: 60 })
  clock.advance(2_000)
  const failing = (): never => {
    throw new TypeError('private')
  }
  expect(await cache.getOrSet('stale', failing, { ttl: 1, staleIfError: 60 })).toBe(1)
  expect(logger.lines).toEqual([expect.stringMatching(/^warn pages: A load failed .*TypeError/)])
  expect(logger.lines.join()).not.toContain('private')
})

test('a cache without problems logs nothing', async () => {
  const cache = new InMemoryCache()
  await cache.set('key', 1)
  await cache.get('key')
  await cache.invalidatePattern('nothing:*')
  await cache.close()
  await sleep(1)
  expect(warnings.all).toEqual([])
})

test.each([
  [{ logger: { warn: () => undefined } }, /^logger must be/],
  [{ logger: null }, /^logger must be/],
  [{ name: '' }, /^name must be/],
  [{ loger: console }, /unknown field loger.*Did you mean logger/],
])('%j is rejected', (options, message) => {
  expect(() => new InMemoryCache(options as InMemoryCacheOptions)).toThrow(message)
})
