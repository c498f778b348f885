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

  test('that fails for a key or returns another form is a failure for this key alone', async () => {
    const answers = new Map<string, unknown>([
      ['throws', new Error('secret')],
      ['rejects', Promise.reject(new TypeError('secret'))],
      ['text', 'secret'],
      ['no expiry', { value: 1 }],
      ['a date', { value: 1, expiresAt: new Date() }],
      ['not a number', { value: 1, expiresAt: Number.NaN }],
      ['good', Promise.resolve({ value: 1, expiresAt: null })],
    ])
    const other = new ThirdPartyCache({
      keys: async () => [...answers.keys(), 7 as never],
      get(key) {
        const answer = answers.get(key)
        if (answer instanceof Error) throw answer
        return answer as never
      },
      set: () => undefined,
    })
    const memory = new InMemoryCache()
    const run = await manager.migrate(other, memory)
    expect(run).toMatchObject({ success: false, keysMigrated: 1, keysFailed: 7 })
    expect(run.errors).toEqual([
      'Migration incomplete: 7 keys could not be read',
      'key "throws": functions.get failed: Error',
      'key "rejects": functions.get failed: TypeError',
      'key "text": functions.get must return { value, expiresAt } or undefined; received a string',
      ...['undefined', 'an object', 'NaN'].map((received, at) =>
        expect.stringMatching(
          `^key "${['no expiry', 'a date', 'not a number'][at]}": functions.get must return an entry whose expiresAt is .*; received .*${received}`,
        ),
      ),
      'key "7": functions.keys must list strings; received 7',
    ])
    // As a target, an entry of another form is not replaced.
    await memory.set('no expiry', 2)
    expect(await manager.migrate(memory, other)).toMatchObject({ keysFailed: 1, keysSkipped: 1 })
  })

  test('fails if its keys cannot be listed', async () => {
    for (const keys of [undefined, 'text', 5]) {
      const other = new ThirdPartyCache({
        keys: () => keys as never,
        get: () => undefined,
        set: () => undefined,
      })
      const { errors } = await manager.migrate(other, new InMemoryCache())
      expect(errors).toEqual([
        expect.stringMatching(
          /^Migration failed: functions.keys must return an iterable of strings/,
        ),
      ])
    }
  })

  test('must have all three functions', () => {
    for (const functions of [{}, { keys: () => [], get: () => undefined }, null]) {
      expect(() => new ThirdPartyCache(functions as never)).toThrow('functions')
    }
  })
})

describe('a target that does not keep its entries', () => {
  test('makes a migration and a restore fail if it is too small', async () => {
    const source = new InMemoryCache()
    await source.setMany(Array.from({ length: 20 }, (_, index) => [`key:${index}`, index]))
    const file = newFile()
    await manager.createBackup(source, file)
    const small = new InMemoryCache({ maxSize: 15 })
    expect(await manager.migrate(source, small)).toMatchObject({
      success: false,
      errors: [
        'Migration incomplete: the target is too small: it has evicted or refused 5 entries',
      ],
    })
    const withoutRoom = new InMemoryCache({ maxBytes: 64 })
    const restore = await manager.restoreBackup(file, withoutRoom)
    expect(restore).toMatchObject({ success: false })
    expect(restore.errors[0]).toContain('the target is too small')
  })

  test('makes a migration fail if Redis is away and the cache hides it', async () => {
    const source = new InMemoryCache()
    await source.set('key', 1)
    await using server = await startRedis()
    await using hiding = new GenericRedisCache({ redisUrl: server.url })
    await hiding.connect()
    await server.stop('SIGKILL')
    const { success, errors } = await manager.migrate(source, hiding)
    expect([success, errors]).toEqual([
      false,
      ['Migration incomplete: Redis has not confirmed 1 writes of the target'],
    ])
  })
})

test('a cache is not copied to itself', async () => {
  const cache = new InMemoryCache()
  const rule = 'target must be another cache than source'
  await expect(manager.migrate(cache, cache)).rejects.toThrow(rule)
})

test('a comparison names a key that cannot be read, and does not call it absent', async () => {
  const good = new InMemoryCache()
  await good.set('key', 1)
  const bad = new ThirdPartyCache({
    keys: () => ['key'],
    get: () => 'unreadable' as never,
    set: () => undefined,
  })
  for (const [source, target] of [
    [good, bad],
    [bad, good],
  ] as const) {
    expect(await manager.validateDataConsistency(source, target)).toMatchObject({
      success: false,
      keysMissingSource: [],
      keysMissingTarget: [],
      errors: ['1 keys could not be read', expect.stringContaining('key "key": functions.get')],
    })
  }
})

test('a misspelled pattern is a warning', async () => {
  const source = new InMemoryCache()
  await source.set('user:1', 1)
  const run = await manager.migrate(source, new InMemoryCache(), { pattern: 'usr:*' })
  expect(run.warnings).toEqual(['no key matches; check the pattern and the key prefix'])
})
