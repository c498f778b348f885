import { AIResponseCache } from '@verbatim/cache-ai'
import { type CacheInterface, ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { jsonValue, sample } from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { CacheMigrationManager, ThirdPartyCache, type ThirdPartyEntry } from '../src/index.js'
import { newFile } from './backup-folder.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const manager = new CacheMigrationManager()

/** Returns an open cache of a kind, without entries of other tests. */
const create: Readonly<Record<string, (name: string) => CacheInterface>> = {
  memory: () => new InMemoryCache({ maxSize: 1_000 }),
  redis: (name) =>
    new GenericRedisCache({
      redisUrl: redis.url,
      keyPrefix: `${name}:`,
      enableL1Cache: false,
      commandTimeout: 10_000,
      onBackendError: 'throw',
    }),
  ai: (name) =>
    new AIResponseCache({
      redisUrl: redis.url,
      keyPrefix: `${name}:`,
      commandTimeout: 10_000,
      onBackendError: 'throw',
    }),
}
const KINDS = Object.keys(create)
const DIRECTIONS = KINDS.flatMap((from) => KINDS.map((to) => [from, to] as const))

const trees = new Map<string, unknown>(
  sample(jsonValue({ maxDepth: 5 }), { numRuns: 196, seed: SEED }).map((value, index) => [
    `tree:${index}`,
    value,
  ]),
)
trees.set('date', new Date(0))
trees.set('map', new Map([['a', new Set([1n, -0])]]))
trees.set('bytes', new Uint8Array([0, 255]))
trees.set('null', null)

describe(`200 random values keep their content and their TTL (SEED=${SEED})`, () => {
  test.each(DIRECTIONS)(
    'from %s to %s',
    async (from, to) => {
      await using source = create[from]?.(`${from}-${to}-source`) as CacheInterface
      await using target = create[to]?.(`${from}-${to}-target`) as CacheInterface
      await source.setMany([...trees], '1h')
      expect(await manager.migrate(source, target)).toMatchObject({
        errors: [],
        success: true,
        keysMigrated: 200,
      })
      expect(await target.getMany([...trees.keys()])).toEqual(trees)
      expect(Math.abs(((await target.getTtl('date')) ?? 0) - 3_600)).toBeLessThan(60)
      expect(await manager.validateDataConsistency(source, target)).toMatchObject({
        errors: [],
        success: true,
        keysMatched: 200,
        matchPercentage: 100,
        ttlDeltas: {},
      })
      expect(await manager.migrate(source, target)).toMatchObject({
        keysSkipped: 200,
        success: true,
      })
    },
    60_000,
  )
})

test('a comparison of caches counts each key once', async () => {
  const [source, target] = [new InMemoryCache(), new InMemoryCache()]
  await source.setMany<unknown>([
    ['equal', { a: 1 }],
    ['other', { a: 1 }],
    ['only source', 1],
  ])
  await target.setMany<unknown>([
    ['equal', { a: 1 }],
    ['other', { a: 2 }],
    ['only target', 1],
  ])
  await source.set('ttl', 1, 100)
  await target.set('ttl', 1, 200)
  expect(await manager.validateDataConsistency(source, target)).toEqual({
    success: false,
    totalKeysChecked: 5,
    keysMatched: 2,
    keysMismatched: 1,
    mismatchedKeys: ['other'],
    keysMissingSource: ['only target'],
    keysMissingTarget: ['only source'],
    totalMismatches: 3,
    matchPercentage: 40,
    ttlDeltas: { ttl: expect.closeTo(100, 0) },
    validationTime: expect.any(Number),
    errors: [],
    warnings: [],
  })
  const empty = await manager.validateDataConsistency(new InMemoryCache(), new InMemoryCache())
  expect(empty).toMatchObject({ success: true, totalKeysChecked: 0, matchPercentage: 100 })
})

test('a dry run counts and writes nothing', async () => {
  const [source, target] = [new InMemoryCache(), new InMemoryCache()]
  await source.setMany([
    ['a', 1],
    ['b', 2],
  ])
  await target.set('a', 0)
  expect(await manager.migrate(source, target, { dryRun: true })).toMatchObject({
    keysMigrated: 1,
    keysSkipped: 1,
  })
  expect(target.getActiveKeys()).toEqual(['a'])
  expect(await target.get('a')).toBe(0)
})

describe('the entries of AI caches', () => {
  const answer = { text: 'Question?', operation: 'qa', options: { model: 'a' } }
  let ai: AIResponseCache
  beforeEach(async () => {
    ai = create['ai']?.('ai_cache') as AIResponseCache
    await ai.clear()
    await ai.cacheResponse({ ...answer, response: { answer: 42 } })
  })
  afterAll(() => ai.close())

  test('go to another cache with their prefix, and back without it', async () => {
    const memory = new InMemoryCache()
    await memory.set('unrelated', 1)
    expect(await manager.migrateAiCacheData(ai, memory)).toMatchObject({
      errors: [],
      keysMigrated: 1,
    })
    expect(memory.getActiveKeys().filter((key) => key.startsWith('ai_cache:'))).toHaveLength(1)
    await ai.clear()
    expect(await manager.migrateAiCacheData(memory, ai)).toMatchObject({ keysMigrated: 1 })
    expect(await ai.getCachedResponse(answer)).toMatchObject({ response: { answer: 42 } })
  })

  test('need no pattern', async () => {
    const call = manager.migrateAiCacheData(ai, new InMemoryCache(), { pattern: 'x' } as never)
    await expect(call).rejects.toThrow('pattern must be left out')
  })
})

describe('a cache of another library', () => {
  test('is a source and a target through three functions', async () => {
    const clock = new ManualClock()
    const map = new Map<string, ThirdPartyEntry>()
    const other = new ThirdPartyCache(
      {
        keys: () => map.keys(),
        get: (key) => map.get(key),
        set: (key, entry) => map.set(key, entry),
      },
      clock,
    )
    const [memory, back] = [new InMemoryCache({ clock }), new InMemoryCache({ clock })]
    const timed = new CacheMigrationManager({ clock })
    await memory.set('short', new Date(0), 10)
    await memory.set('forever', [1], null)
    expect(await timed.migrate(memory, other)).toMatchObject({ errors: [], keysMigrated: 2 })
    expect(map.get('short')).toEqual({ value: new Date(0), expiresAt: clock.wallTime() + 10_000 })
    expect(map.get('forever')).toEqual({ value: [1], expiresAt: null })
    expect(await timed.migrate(other, back)).toMatchObject({ errors: [], keysMigrated: 2 })
    expect(await back.getTtl('short')).toBe(10)
    expect(await timed.createBackup(other, newFile())).toMatchObject({ keysBackedUp: 2 })
  })

  test('fails for a key that is listed and has no entry', async () => {
    const other = new ThirdPartyCache({
      keys: () => ['lost'],
      get: () => undefined,
      set: () => undefined,
    })
    expect(await manager.migrate(other, new InMemoryCache())).toMatchObject({
      success: false,
      keysFailed: 1,
      errors: [
        'Migration incomplete: 1 keys could not be read',
        'key "lost": the key is listed and has no entry',
      ],
    })
  })

  test('must have all three functions', () => {
    for (const functions of [{}, { keys: () => [], get: () => undefined }, null]) {
      expect(() => new ThirdPartyCache(functions as never)).toThrow('functions')
    }
  })
})
