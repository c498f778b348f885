import { describe, expect, test } from 'vitest'
import { AIResponseCacheConfig } from '../../src/index.js'
import { failure, problemsOf, SECRET } from './refused.js'

describe('the environment', () => {
  test('gives fields, on a preset', () => {
    const config = AIResponseCacheConfig.fromEnv({
      AI_CACHE_PRESET: 'development',
      AI_CACHE_REDIS_URL: 'rediss://host',
      AI_CACHE_DEFAULT_TTL: '90',
      AI_CACHE_MEMORY_CACHE_SIZE: '20',
      AI_CACHE_HASH_ALGORITHM: 'md5',
      AI_CACHE_TEXT_SIZE_TIERS: '{"small":1,"medium":2,"large":3}',
      AI_CACHE_OPERATION_TTLS: '{"qa":"5m"}',
      PATH: '/bin',
    })
    expect(config.values).toMatchObject({
      redisUrl: 'rediss://host',
      defaultTtl: 90,
      l1CacheSize: 20,
      compressionLevel: 3,
      hashAlgorithm: 'md5',
      textSizeTiers: { small: 1, medium: 2, large: 3 },
      operationTtls: { qa: '5m' },
    })
  })

  test.each([
    ['true', true],
    ['YES', true],
    ['on', true],
    ['1', true],
    ['false', false],
    ['no', false],
    ['Off', false],
    ['0', false],
  ])('ENABLE_L1_CACHE=%s', (text, enableL1Cache) => {
    const config = AIResponseCacheConfig.fromEnv({ AI_CACHE_ENABLE_L1_CACHE: text })
    expect(config.given).toEqual({ enableL1Cache })
    // In the original `false` alone makes the configuration invalid.
    expect(config.validate().errors).toEqual([])
  })

  test('may have another prefix', () => {
    const config = AIResponseCacheConfig.fromEnv({ MY_DEFAULT_TTL: '5m', AI_CACHE_X: '1' }, 'MY_')
    expect(config.given).toEqual({ defaultTtl: '5m' })
  })

  test('that is wrong is told of at once, by the names of variables', async () => {
    const error = await failure(() =>
      AIResponseCacheConfig.fromEnv({
        AI_CACHE_PRESET: 'prod',
        AI_CACHE_DEFAULT_TTL: SECRET,
        AI_CACHE_ENABLE_L1_CACHE: 'perhaps',
        AI_CACHE_OPERATION_TTLS: '{',
        AI_CACHE_TEXT_SIZE_TIERS: '{"small":1,"medium":2}',
        AI_CACHE_L1_CACHE_SIZE: '1',
        AI_CACHE_MEMORY_CACHE_SIZE: '1',
        AI_CACHE_COLOUR: SECRET,
      }),
    )
    expect(problemsOf(error).toSorted()).toEqual([
      'AI_CACHE_COLOUR',
      'AI_CACHE_DEFAULT_TTL',
      'AI_CACHE_ENABLE_L1_CACHE',
      'AI_CACHE_MEMORY_CACHE_SIZE',
      'AI_CACHE_OPERATION_TTLS',
      'AI_CACHE_PRESET',
      'AI_CACHE_TEXT_SIZE_TIERS.large',
    ])
    expect(error.message).not.toContain(SECRET)
  })
})
