import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import {
  type ProgramOutcome,
  plantForeignKeys,
  runProgram,
  stateOf,
  writeCommandsDuring,
} from '@verbatim/test-support'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AIResponseCache } from '../src/index.js'
import { SetUp } from './set-up.js'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const at = new SetUp()
const request = { text: 'one', operation: 'qa', options: { model: 'gpt-4' } }

const run = (...args: string[]): Promise<ProgramOutcome> =>
  runProgram(CLI, args, { env: { AI_CACHE_REDIS_URL: at.redis.url } })

const openRedisCache = (keyPrefix: string): GenericRedisCache =>
  new GenericRedisCache({ redisUrl: at.redis.url, keyPrefix })

/** Returns what a cache stores under a key, as text. */
async function storedLine(): Promise<string> {
  await using other = openRedisCache('ai_cache:')
  await other.set('model', { answer: 42 }, '1h')
  return (await at.raw.getdel('ai_cache:model')) ?? ''
}

let cache: AIResponseCache
let foreign: string[]
let before: object
beforeEach(async () => {
  foreign = await plantForeignKeys(at.raw, 'ai_cache:', await storedLine(), 1_000)
  await using neighbour = openRedisCache('ai_cache:users:')
  await neighbour.setMany([
    ['1', { name: 'Ada' }],
    ['2', { name: 'Grace' }],
  ])
  foreign.push('ai_cache:users:1', 'ai_cache:users:2')
  // Keys of others that look like those of responses.
  for (const name of ['ai_cache:op:qa|txt:list', 'ai_cache:tenant:ada|op:qa|txt:list']) {
    await at.raw.rpush(name, 'x')
    foreign.push(name)
  }
  before = await stateOf(at.raw, foreign)
  cache = await at.openConnected({ keyStyle: 'readable' })
  await cache.cacheResponse({ ...request, response: 1 })
  await cache.cacheResponse({ ...request, tenant: 'ada', response: 2 })
})

describe('in a database with keys of other programs', () => {
  test('cache-ai stats counts only responses and sends no command that writes', async () => {
    let outcome: ProgramOutcome | undefined
    const written = await writeCommandsDuring(at.redis.url, at.raw, async () => {
      outcome = await run('stats', '--json')
    })
    expect(written).toEqual([])
    expect(JSON.parse(outcome?.out ?? '')).toMatchObject({ keys: 2, byOperation: { qa: 2 } })
    expect(await stateOf(at.raw, foreign)).toEqual(before)
  })

  test.each<[args: string[], removed: number | null]>([
    [['--all'], 2],
    [['--pattern', '*'], 2],
    [['--operation', 'qa'], 1],
    [['--tenant', 'ada'], 1],
    [['--operation', 'qa', '--tenant', 'ada'], 1],
    [['--model', 'gpt-4'], null],
  ])('cache-ai invalidate %j removes only responses', async (args, removed) => {
    const { code, out, err } = await run('invalidate', ...args, '--json')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ removed })
    expect(await stateOf(at.raw, foreign)).toEqual(before)
  })

  test('cache-ai key and cache-ai config do not touch Redis', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-foreign-'))
    const text = path.join(folder, 'text')
    const config = path.join(folder, 'config.json')
    await writeFile(text, 'one')
    await writeFile(config, JSON.stringify({ redis_url: at.redis.url }))
    const written = await writeCommandsDuring(at.redis.url, at.raw, async () => {
      expect(await run('key', text, '--operation', 'qa')).toMatchObject({ code: 0 })
      expect(await run('config', 'check', config)).toMatchObject({ code: 0 })
      expect(await run('config', 'show')).toMatchObject({ code: 0 })
    })
    await rm(folder, { recursive: true })
    expect(written).toEqual([])
    expect(await stateOf(at.raw, foreign)).toEqual(before)
  })

  test('every public method of the cache leaves them unchanged', async () => {
    const keys = foreign.map((name) => name.slice('ai_cache:'.length))
    expect(await cache.getCachedResponse({ text: 'list', operation: 'qa' })).toBeUndefined()
    expect(
      await cache.getCachedResponse({ text: 'list', operation: 'qa' }, { shape: 'flat' }),
    ).toBeUndefined()
    expect((await cache.getMany(keys)).size).toBe(0)
    for (const key of keys) {
      expect(await cache.get(key)).toBeUndefined()
      expect(await cache.exists(key)).toBe(false)
      expect(await cache.getTtl(key)).toBeUndefined()
      expect(await cache.delete(key)).toBe(false)
      expect(await cache.add(key, 1)).toBe(false)
    }
    expect(await cache.deleteMany(keys)).toBe(0)
    for await (const { key } of cache.inspect()) expect(keys).not.toContain(key)
    expect((await cache.getCacheStats()).redis).toMatchObject({ status: 'connected', keys: 2 })
    cache.getStats()
    cache.getPerformanceStats()
    cache.getPerformanceSummary()
    cache.getAiPerformanceSummary()
    cache.getTextTierStatistics()
    cache.getOperationPerformance()
    cache.getInvalidationFrequencyStats()
    cache.getInvalidationRecommendations()
    cache.getMemoryWarnings()
    expect(await cache.getServerInfo()).toBeDefined()
    await cache.getOrCompute({ text: 'new', operation: 'sentiment' }, () => 3)
    await cache.getOrSet('plain', () => 4)
    await cache.setMany([['other', 5]], { tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    await cache.invalidateByModel('gpt-4')
    await cache.cacheResponse({ ...request, response: 1 })
    await cache.cacheResponse({ ...request, tenant: 'ada', response: 2 })
    expect(await cache.invalidateByOperation('qa')).toBe(1)
    expect(await cache.forget('ada')).toBe(1)
    expect(await cache.invalidatePattern('s*')).toBe(0)
    expect(await cache.clear()).toBeGreaterThan(0)
    expect(await stateOf(at.raw, foreign)).toEqual(before)
  })
})
