import { ConfigurationError } from '@verbatim/cache-core'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { describe, expect, test } from 'vitest'
import { CacheParameterMapper, type Parameters } from '../../src/legacy/index.js'

const mapper = new CacheParameterMapper()

describe('mapAiToGenericParams', () => {
  test.each<[given: Parameters, generic: Parameters, ai: Parameters]>([
    [{}, {}, {}],
    [
      { redisUrl: 'redis://host', textHashThreshold: 500 },
      { redisUrl: 'redis://host' },
      { textHashThreshold: 500 },
    ],
    [
      { redis_url: 'redis://host', memory_cache_size: 50, operation_ttls: { qa: 60 } },
      { redisUrl: 'redis://host', l1CacheSize: 50, enableL1Cache: true },
      { operationTtls: { qa: 60 } },
    ],
    [{ memoryCacheSize: 50 }, { l1CacheSize: 50, enableL1Cache: true }, {}],
    [{ l1CacheSize: 50, enableL1Cache: false }, { l1CacheSize: 50, enableL1Cache: false }, {}],
    [{ l1CacheSize: 50, memory_cache_size: 50 }, { l1CacheSize: 50, enableL1Cache: true }, {}],
    [{ colour: 'red' }, {}, { colour: 'red' }],
    [{ key_prefix: 'a:', isolation: 'clone' }, { keyPrefix: 'a:', isolation: 'clone' }, {}],
    [{ memory_cache_size: undefined }, {}, {}],
    [
      { text_size_tiers: { small: 1 }, textSizeTiers: { small: 1 } },
      {},
      { textSizeTiers: { small: 1 } },
    ],
  ])('splits %j into options of both caches', (given, generic, ai) => {
    expect(mapper.mapAiToGenericParams(given)).toEqual({ generic, ai })
  })

  test('returns options that a GenericRedisCache accepts', async () => {
    const { generic } = mapper.mapAiToGenericParams({
      redis_url: 'redis://127.0.0.1:1',
      default_ttl: '1h',
      memory_cache_size: 5,
      hash_algorithm: 'sha512',
    })
    await using cache = new GenericRedisCache(generic)
    expect(cache.getStats().memory?.maxSize).toBe(5)
  })

  test.each([undefined, null, 'text', [1], new Map([['a', 1]])])('rejects %j', (given) => {
    expect(() => mapper.mapAiToGenericParams(given as unknown as Parameters)).toThrow(
      ConfigurationError,
    )
  })

  test('rejects two different sizes without showing them', () => {
    const attempt = (): unknown =>
      mapper.mapAiToGenericParams({ l1CacheSize: 17, memory_cache_size: 23 })
    expect(attempt).toThrow(
      /memory_cache_size conflicts with l1CacheSize: both are set, to different values$/,
    )
  })
})

describe('validateParameterCompatibility', () => {
  test('lists the valid parameters of each cache', () => {
    const result = mapper.validateParameterCompatibility({
      redis_url: 'rediss://host',
      textHashThreshold: 1_000,
      performanceMonitor: new CachePerformanceMonitor(),
    })
    expect(result.isValid).toBe(true)
    expect([...result.genericParams]).toEqual(['redisUrl', 'performanceMonitor'])
    expect([...result.aiSpecificParams]).toEqual(['textHashThreshold'])
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      isValid: true,
      errors: [],
      warnings: [],
      recommendations: [],
      parameterConflicts: {},
      aiSpecificParams: ['textHashThreshold'],
      genericParams: ['redisUrl', 'performanceMonitor'],
    })
  })

  test.each<[Parameters, path: string]>([
    [{ redis_url: 'http://host' }, 'redisUrl'],
    [{ redis_url: null }, 'redisUrl'],
    [{ default_ttl: 0 }, 'defaultTtl'],
    [{ default_ttl: 31_536_001 }, 'defaultTtl'],
    [{ enable_l1_cache: 'yes' }, 'enableL1Cache'],
    [{ memory_cache_size: 0 }, 'l1CacheSize'],
    [{ memory_cache_size: 10_001 }, 'l1CacheSize'],
    [{ compression_threshold: -1 }, 'compressionThreshold'],
    [{ compression_level: 10 }, 'compressionLevel'],
    [{ text_hash_threshold: 100_001 }, 'textHashThreshold'],
    [{ text_size_tiers: { small: 1, medium: 1, large: 2 } }, 'textSizeTiers'],
    [{ operation_ttls: { qa: true } }, 'operationTtls.qa'],
    [{ performanceMonitor: {} }, 'performanceMonitor'],
    [{ l1_cache_size: 10, memory_cache_size: 20 }, 'memory_cache_size'],
  ])('reports an error in %j', (given, path) => {
    const result = mapper.validateParameterCompatibility(given)
    expect([result.isValid, result.errors.map((each) => each.path)]).toEqual([false, [path]])
  })

  test('reports different sizes as a conflict', () => {
    const given = { l1_cache_size: 10, memory_cache_size: 20 }
    const { parameterConflicts } = mapper.validateParameterCompatibility(given)
    expect([...parameterConflicts.keys()]).toEqual(['memory_cache_size'])
  })

  test.each<[Parameters, path: string]>([
    [{ l1CacheSize: 10, enableL1Cache: false }, 'l1CacheSize'],
    [{ compressionThreshold: 0, textHashThreshold: 1 }, 'compressionThreshold'],
    [{ colour: 'red' }, 'colour'],
  ])('warns of %j', (given, path) => {
    const { isValid, warnings } = mapper.validateParameterCompatibility(given)
    expect([isValid, warnings.map((each) => each.path)]).toEqual([true, [path]])
  })

  test.each<[Parameters, path: string]>([
    [{ memory_cache_size: 10 }, 'memory_cache_size'],
    [{ compressionThreshold: 10_001, textHashThreshold: 10_001 }, 'compressionThreshold'],
    [{ compressionLevel: 8 }, 'compressionLevel'],
    [{ textHashThreshold: 500 }, 'textHashThreshold'],
  ])('has a recommendation for %j', (given, path) => {
    const { isValid, recommendations } = mapper.validateParameterCompatibility(given)
    expect([isValid, recommendations.map((each) => each.path)]).toEqual([true, [path]])
  })

  test.each([undefined, null, 'text', [1]])('reports %j as an error', (given) => {
    const result = mapper.validateParameterCompatibility(given as unknown as Parameters)
    expect(result.isValid).toBe(false)
  })
})

test('getParameterInfo returns the rule of every setting', () => {
  const { aiSpecific, generic, mappings, validationRules, totalParameters } =
    mapper.getParameterInfo()
  expect(totalParameters).toBe(aiSpecific.length + generic.length)
  expect(mappings['memory_cache_size']).toBe('l1CacheSize')
  const isFunction = (name: string): boolean => ['revive', 'serialize'].includes(name)
  const fields = aiSpecific.filter((name) => !isFunction(name))
  for (const name of [...fields, 'redisUrl', 'defaultTtl', 'l1CacheSize']) {
    expect([name, validationRules[name]]).toEqual([name, expect.stringMatching(/^[a-z]/)])
  }
})

test('validateParameterCompatibility reports a Map as an error', () => {
  const result = mapper.validateParameterCompatibility(new Map([['a', 1]]) as never)
  expect(result.errors).toMatchObject([{ path: 'parameters' }])
})

test('validateParameterCompatibility suggests a name for an unknown parameter', () => {
  const { warnings } = mapper.validateParameterCompatibility({ keyStlye: 'hashed' })
  expect(warnings).toEqual([{ path: 'keyStlye', message: 'is unknown. Did you mean keyStyle?' }])
})
