import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AIResponseCache, CacheKeyGenerator } from '../../src/index.js'
import { CacheCompatibilityWrapper } from '../../src/legacy/index.js'
import { SetUp } from '../set-up.js'

const at = new SetUp()

const warnings: Error[] = []
const note = (warning: Error): number => warnings.push(warning)
beforeEach(() => {
  warnings.length = 0
  process.on('warning', note)
})
afterEach(() => {
  process.off('warning', note)
})

describe.each(['with Redis', 'without Redis'])('code of the Python version, %s', (situation) => {
  const wrapped = async () =>
    new CacheCompatibilityWrapper(
      await (situation === 'with Redis' ? at.openConnected() : at.openAlone()),
      { emitWarnings: false },
    )

  test('the Python names store and find responses', async () => {
    const cache = await wrapped()
    const options = { max_length: 100, model: 'gpt-4' }
    expect(await cache.get_cached_response('Long text', 'summarize', options)).toBeNull()
    await cache.cache_response('Long text', 'summarize', options, { summary: 'Brief' }, 'Why?')
    const found = await cache.get_cached_response('Long text', 'summarize', options, 'Why?')
    expect(found).toMatchObject({
      summary: 'Brief',
      cache_hit: true,
      text_length: 9,
      question_provided: true,
    })
    expect(await cache.get_cached_response('Long text', 'summarize', options)).toBeNull()
  })

  test('the Python names remove responses by operation or by text in the key', async () => {
    const cache = await wrapped()
    for (const operation of ['sentiment', 'qa', 'qa_long']) {
      await cache.cache_response('a*c', operation, {}, { operation })
      await cache.cache_response('abc', operation, {}, { operation })
    }
    expect(await cache.invalidate_by_operation('qa', 'model_update')).toBe(2)
    expect(await cache.invalidate_pattern('sentiment', 'batch_invalidation')).toBe(2)
    expect(await cache.invalidate_pattern('a*c')).toBe(1)
    expect(await cache.get_cached_response('abc', 'qa_long')).not.toBeNull()
    expect(await cache.invalidate_pattern('')).toBe(1)
  })

  test('the Python names return statistics', async () => {
    const cache = await wrapped()
    await cache.cache_response('text', 'myOwnOperation', {}, { answer: 42 })
    await cache.get_cached_response('text', 'myOwnOperation', {})
    expect(cache.get_cache_hit_ratio()).toBe(100)
    expect(cache.get_performance_summary()).toMatchObject({
      hit_ratio: 100,
      hits_by_operation: { myOwnOperation: 1 },
    })
    const stats = await cache.get_cache_stats()
    expect(stats.memory).toEqual({
      memory_cache_entries: 1,
      memory_cache_size_limit: 100,
      memory_cache_utilization: '1/100',
    })
    const isUp = situation === 'with Redis'
    expect(stats.redis).toMatchObject(
      isUp ? { status: 'connected', keys: 1 } : { status: 'unavailable', keys: 0 },
    )
    expect(Object.keys(stats.redis)).toHaveLength(isUp ? 5 : 2)
    expect(stats.performance).toMatchObject({ cache_hits: 1, total_cache_operations: 2 })
  })
})

describe('a wrapped cache', () => {
  test('other members of the wrapper are those of the cache', async () => {
    const inner = await at.openAlone()
    const cache = new CacheCompatibilityWrapper(inner)
    expect(cache).toBeInstanceOf(AIResponseCache)
    await cache.set('key', 'value')
    expect(await inner.get('key')).toBe('value')
    const method = (name: string): unknown => Reflect.get(cache, name)
    expect(method('get')).toBe(method('get'))
    expect(await Promise.resolve(cache)).toBe(cache)
    expect(warnings).toEqual([])
  })

  test('the wrapper emits one deprecation warning for each Python name', async () => {
    const cache = new CacheCompatibilityWrapper(await at.openAlone())
    for (let call = 0; call < 3; call++) {
      await cache.get_cached_response('text', 'qa', {})
      cache.get_cache_hit_ratio()
    }
    const other = new CacheCompatibilityWrapper(await at.openAlone())
    await other.get_cached_response('text', 'qa', {})
    await expect.poll(() => warnings.length).toBe(2)
    expect(warnings.map(({ name, message }) => [name, message.split(' ', 1)[0]])).toEqual([
      ['DeprecationWarning', 'get_cached_response'],
      ['DeprecationWarning', 'get_cache_hit_ratio'],
    ])
  })

  test('the wrapper has every method by its name in snake case', async () => {
    const cache = new CacheCompatibilityWrapper(new InMemoryCache(), { emitWarnings: false })
    await cache.set_many([['a', 1]])
    expect(await cache.get_many(['a', 'b'])).toEqual(new Map([['a', 1]]))
    expect(cache.get_active_keys()).toEqual(['a'])
    expect(cache.get_stats()).toMatchObject({ utilization_percent: 0.1, hit_rate: 50 })
    expect(warnings).toEqual([])
  })

  test('the wrapper rejects a name in snake case that the cache does not have', () => {
    const cache = new CacheCompatibilityWrapper(new InMemoryCache())
    const names = cache as unknown as Record<string, unknown>
    expect(() => names['memory_cache']).toThrow('InMemoryCache has no memory_cache')
    expect(names['nonsense']).toBeUndefined()
  })
})

describe('a wrapped cache that is not an AIResponseCache', () => {
  test('the wrapper makes keys with its keyGenerator and applies the TTLs of operations', async () => {
    const inner = new InMemoryCache()
    const keyGenerator = new CacheKeyGenerator()
    const cache = new CacheCompatibilityWrapper(inner, { emitWarnings: false, keyGenerator })
    await cache.cache_response('text', 'qa', {}, { answer: 42 })
    await cache.cache_response('text', 'other', {}, { answer: 43 })
    expect(await cache.get_cached_response('text', 'qa', {})).toEqual({ answer: 42 })
    expect(await inner.getTtl('ai_cache:op:qa|txt:text')).toBeCloseTo(1_800, -1)
    expect(await inner.getTtl('ai_cache:op:other|txt:text')).toBeCloseTo(3_600, -1)
    expect(await cache.invalidate_pattern('op:qa')).toBe(1)
  })

  test('the wrapper rejects requests without a keyGenerator', async () => {
    const cache = new CacheCompatibilityWrapper(new InMemoryCache(), { emitWarnings: false })
    await expect(cache.get_cached_response('text', 'qa', {})).rejects.toThrow('keyGenerator')
    await expect(cache.invalidate_by_operation('qa')).rejects.toThrow(ValidationError)
    expect(() => cache.get_cache_hit_ratio()).toThrow('InMemoryCache has no getCacheHitRatio')
  })
})

test.each<[string, unknown[], string]>([
  ['no cache', [undefined], 'cache must be a cache; received undefined'],
  ['text as the cache', ['redis://host'], 'cache must be a cache; received a string'],
  ['null as options', [new InMemoryCache(), null], 'options must be a plain object; received null'],
  [
    'a misspelled option',
    [new InMemoryCache(), { emitWarning: false }],
    'unknown field emitWarning. Did you mean emitWarnings?',
  ],
  [
    'text as emitWarnings',
    [new InMemoryCache(), { emitWarnings: 'no' }],
    'emitWarnings must be true or false; received a string',
  ],
  [
    'a Map as operationTtls',
    [new InMemoryCache(), { operationTtls: new Map() }],
    'operationTtls must be a plain object',
  ],
  [
    'an object as keyGenerator',
    [new InMemoryCache(), { keyGenerator: {} }],
    'keyGenerator must be a CacheKeyGenerator',
  ],
])('the constructor rejects %s', (_case, given, message) => {
  const attempt = (): unknown => Reflect.construct(CacheCompatibilityWrapper, given)
  expect(attempt).toThrow(ConfigurationError)
  expect(attempt).toThrow(message)
})
