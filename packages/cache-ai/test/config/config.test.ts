import { inspect } from 'node:util'
import { ConfigurationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import {
  AIResponseCache,
  AIResponseCacheConfig,
  type ConfigValues,
  type PresetName,
} from '../../src/index.js'
import { failure, problemsOf, SECRET } from './refused.js'

describe('errors', () => {
  test.each<[values: Record<string, unknown>, path: string]>([
    [{ redisUrl: 'http://host' }, 'redisUrl'],
    [{ redisUrl: 'redis://' }, 'redisUrl'],
    [{ redisUrl: 'redis://host:notaport' }, 'redisUrl'],
    [{ redisUrl: 'redis://host/abc' }, 'redisUrl'],
    [{ redisUrl: 'unix://h/redis.sock' }, 'redisUrl'],
    [{ redisUrl: 6379 }, 'redisUrl'],
    [{ defaultTtl: 0 }, 'defaultTtl'],
    [{ defaultTtl: 31_536_001 }, 'defaultTtl'],
    [{ defaultTtl: '366d' }, 'defaultTtl'],
    [{ defaultTtl: null }, 'defaultTtl'],
    [{ enableL1Cache: 'yes' }, 'enableL1Cache'],
    [{ l1CacheSize: 0 }, 'l1CacheSize'],
    [{ l1CacheSize: 10_001 }, 'l1CacheSize'],
    [{ l1CacheSize: 1.5 }, 'l1CacheSize'],
    [{ compressionThreshold: -1 }, 'compressionThreshold'],
    [{ compressionThreshold: 1_048_577 }, 'compressionThreshold'],
    [{ compressionLevel: 0 }, 'compressionLevel'],
    [{ compressionLevel: 10 }, 'compressionLevel'],
    [{ textHashThreshold: 0 }, 'textHashThreshold'],
    [{ textHashThreshold: 100_001 }, 'textHashThreshold'],
    [{ hashAlgorithm: 'crc32' }, 'hashAlgorithm'],
    [{ textSizeTiers: { small: 1, medium: 2 } }, 'textSizeTiers.large'],
    [{ textSizeTiers: { small: 1, medium: 1, large: 2 } }, 'textSizeTiers'],
    [{ textSizeTiers: { small: 1.5, medium: 2, large: 3 } }, 'textSizeTiers.small'],
    [{ textSizeTiers: { small: 1, medium: 2, large: 3, huge: 4 } }, 'textSizeTiers.huge'],
    [{ operationTtls: { qa: 0 } }, 'operationTtls.qa'],
    [{ operationTtls: { qa: '2 hours' } }, 'operationTtls.qa'],
    [{ operationTtls: [] }, 'operationTtls'],
    [{ unknown: 1 }, 'unknown'],
  ])('%j is an error at %s', (values, place) => {
    const config = new AIResponseCacheConfig(values)
    const { isValid, errors } = config.validate()
    expect([isValid, errors.map((error) => error.path)]).toEqual([false, [place]])
    expect(() => config.checked()).toThrow(ConfigurationError)
    expect(() => new AIResponseCache(config)).toThrow(place)
  })

  test.each<ConfigValues>([
    { redisUrl: 'redis://host', defaultTtl: 31_536_000, l1CacheSize: 10_000 },
    { redisUrl: 'rediss://host', defaultTtl: '500ms', l1CacheSize: 1 },
    { compressionThreshold: 0, compressionLevel: 1, textHashThreshold: 1 },
    { compressionThreshold: 1_048_576, compressionLevel: 9, textHashThreshold: 100_000 },
  ])('%j is valid', (values) => {
    expect(new AIResponseCacheConfig(values).validate()).toMatchObject({
      isValid: true,
      errors: [],
    })
  })

  test('one error lists every problem and no value', async () => {
    const error = await failure(() =>
      AIResponseCacheConfig.fromObject({
        redis_url: `http://user:${SECRET}@host`,
        default_ttl: SECRET,
        text_size_tiers: { small: 10, medium: 5, large: SECRET },
        hash_algorithm: SECRET,
        colour: SECRET,
      }),
    )
    expect(problemsOf(error)).toEqual([
      'redis_url',
      'default_ttl',
      'hash_algorithm',
      'text_size_tiers.large',
      'colour',
    ])
    expect(`${error.message}${JSON.stringify(error.context)}`).not.toContain(SECRET)
  })
})

describe('advice', () => {
  const said = (values: ConfigValues, about: 'warnings' | 'recommendations'): string[] =>
    new AIResponseCacheConfig(values).validate()[about].map((each) => each.path)
  const quiet: ConfigValues = { operationTtls: {} }

  test.each<[values: ConfigValues, paths: string[]]>([
    [{}, ['operationTtls']],
    [quiet, []],
    [{ ...quiet, compressionThreshold: 10_000, textHashThreshold: 10_000 }, []],
    [
      { ...quiet, compressionThreshold: 10_001, textHashThreshold: 10_001 },
      ['compressionThreshold'],
    ],
    [{ ...quiet, compressionLevel: 8 }, ['compressionLevel']],
    [{ ...quiet, textHashThreshold: 500 }, ['textHashThreshold']],
    [{ ...quiet, compressionThreshold: 2_000 }, ['textHashThreshold']],
    [{ ...quiet, l1CacheSize: 501 }, ['l1CacheSize']],
    [{ ...quiet, defaultTtl: 86_400 }, []],
    [{ ...quiet, defaultTtl: 86_401 }, ['defaultTtl']],
  ])('%j has recommendations for %j', (values, paths) => {
    expect(said(values, 'recommendations')).toEqual(paths)
    expect(said(values, 'warnings')).toEqual([])
  })

  test('an unknown operation and a size without a memory tier are warnings', () => {
    expect(said({ operationTtls: { qa: 1, classify: 1 } }, 'warnings')).toEqual([
      'operationTtls.classify',
    ])
    expect(said({ enableL1Cache: false, l1CacheSize: 10 }, 'warnings')).toEqual(['l1CacheSize'])
    expect(said({ enableL1Cache: false }, 'warnings')).toEqual([])
  })
})

describe('presets', () => {
  test.each<[PresetName, Partial<ConfigValues>]>([
    ['default', { redisUrl: 'redis://127.0.0.1:6379', defaultTtl: 3_600, l1CacheSize: 100 }],
    ['development', { redisUrl: 'redis://127.0.0.1:6379', defaultTtl: 1_800, l1CacheSize: 50 }],
    ['development', { compressionThreshold: 2_000, compressionLevel: 3, textHashThreshold: 2_000 }],
    ['testing', { defaultTtl: 300, l1CacheSize: 10, compressionThreshold: 5_000 }],
    ['testing', { compressionLevel: 1, textHashThreshold: 5_000 }],
    ['production', { defaultTtl: 7_200, l1CacheSize: 200, compressionThreshold: 500 }],
    ['production', { compressionLevel: 7, textHashThreshold: 500, keyStyle: 'hashed' }],
    [
      'ai-development',
      { defaultTtl: 1_800, textSizeTiers: { small: 500, medium: 2_000, large: 10_000 } },
    ],
    ['ai-production', { defaultTtl: 14_400, l1CacheSize: 1_000, compressionLevel: 9 }],
  ])('the preset %s sets %j and is valid', (name, values) => {
    const config = AIResponseCacheConfig.preset(name)
    expect(config.values).toMatchObject(values)
    expect(config.validate().errors).toEqual([])
  })

  test('the presets for production require a URL', async () => {
    const config = AIResponseCacheConfig.production('rediss://host:6380')
    expect(config.values).toMatchObject({ redisUrl: 'rediss://host:6380', defaultTtl: 7_200 })
    expect(AIResponseCacheConfig.aiProduction('redis://host').values.l1CacheSize).toBe(1_000)
    expect(problemsOf(await failure(() => AIResponseCacheConfig.production('host')))).toEqual([
      'redisUrl',
    ])
  })

  test.each(['Production', 'none', 'toString', ''])('rejects the unknown preset %j', (name) => {
    expect(() => AIResponseCacheConfig.preset(name as PresetName)).toThrow(
      'preset must be one of default, development, testing, production, ai-development, ai-production',
    )
  })

  test('the preset testing gives every operation a TTL of five minutes and has no recommendations', () => {
    const config = AIResponseCacheConfig.testing()
    expect(new Set(Object.values(config.values.operationTtls))).toEqual(new Set([300]))
    expect(config.validate().recommendations).toEqual([])
    expect(AIResponseCacheConfig.development().validate().recommendations).toHaveLength(1)
  })
})

describe('merging', () => {
  test('a given field wins even if it equals the default', () => {
    const merged = AIResponseCacheConfig.development().merge({ defaultTtl: 3_600 })
    expect(merged.values).toMatchObject({ defaultTtl: 3_600, l1CacheSize: 50 })
  })

  test('absent and undefined fields do not override others', () => {
    const other = new AIResponseCacheConfig({ l1CacheSize: undefined, compressionLevel: 9 })
    const merged = AIResponseCacheConfig.development().merge(other)
    expect(merged.values).toMatchObject({ l1CacheSize: 50, compressionLevel: 9 })
  })

  test('the TTLs of both configurations are merged by operation', () => {
    const config = AIResponseCacheConfig.aiDevelopment().merge({
      operationTtls: { qa: 60, mine: 1 },
    })
    expect(config.values.operationTtls).toEqual({
      ...AIResponseCacheConfig.aiDevelopment().values.operationTtls,
      ...{ qa: 60, mine: 1 },
    })
    expect(config.merge({ operationTtls: [] as never }).validate().isValid).toBe(false)
  })

  test('a merge changes neither configuration', () => {
    const [one, other] = [AIResponseCacheConfig.testing(), AIResponseCacheConfig.development()]
    const before = JSON.stringify([one, other])
    one.merge(other)
    expect(JSON.stringify([one, other])).toBe(before)
  })
})

test('a cache accepts a configuration instead of options', async () => {
  const config = AIResponseCacheConfig.testing().merge({ redisUrl: 'redis://127.0.0.1:1' })
  const cache = new AIResponseCache(config)
  await cache.cacheResponse({ text: 'text', operation: 'qa', response: 1 })
  expect(await cache.getTtl(cache.buildKey('text', 'qa'))).toBeLessThanOrEqual(300)
  await cache.close()
  expect(config.toGenericCacheOptions()).not.toHaveProperty('textHashThreshold')
})

test('inspecting a configuration does not show its password', () => {
  const config = AIResponseCacheConfig.production(`rediss://user:${SECRET}@host`)
  expect(inspect(config, { depth: Infinity, showHidden: true })).not.toContain(SECRET)
})

test.each([[new Map([['qa', 5]])], [[5]], ['qa=5']])(
  'a cache and a configuration reject %o as operationTtls',
  (operationTtls) => {
    const options = { operationTtls: operationTtls as never }
    expect(() => new AIResponseCache(options)).toThrow(/operationTtls must be a plain object/)
    const { errors } = new AIResponseCacheConfig(options).validate()
    expect(errors.map(({ path }) => path)).toEqual(['operationTtls'])
  },
)

describe('invalid arguments', () => {
  const Config = AIResponseCacheConfig
  test.each<[string, () => unknown, string]>([
    ['fromEnv with text', () => Config.fromEnv('MY_' as never), 'environment must be an object'],
    ['fromEnv with null', () => Config.fromEnv(null as never), 'environment must be an object'],
    ['fromObject with a Map', () => Config.fromObject(new Map([['a', 1]])), 'must be a mapping'],
    ['a Map as values', () => new Config(new Map() as never), 'values must be an object of fields'],
    ['null as values', () => new Config(null as never), 'values must be an object of fields'],
    ['merge with null', () => new Config().merge(null as never), 'other must be a configuration'],
    ['no preset', () => Config.preset(undefined as never), 'preset must be one of default,'],
    ['no URL', () => Config.production(undefined as never), 'redisUrl must be'],
    ['no URL for AI', () => Config.aiProduction(undefined as never), 'redisUrl must be'],
  ])('the error for %s names the argument', (_case, attempt, message) => {
    expect(attempt).toThrow(ConfigurationError)
    expect(attempt).toThrow(message)
  })
})

test.each(['', 'o'.repeat(65)])(
  'the error for an operation named %j states the rule',
  (operation) => {
    const attempt = (): unknown =>
      AIResponseCacheConfig.fromObject({ operation_ttls: { [operation]: 60 } })
    expect(attempt).toThrow(/operation_ttls\..* must be named with 1 to 64 characters$/)
  },
)
