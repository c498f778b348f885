import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@verbatim/cache-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AIResponseCache,
  AIResponseCacheConfig,
  type ConfigValues,
  type PresetName,
} from '../../src/index.js'

/** Whatever a password or another value might be. */
const SECRET = 's3cret-value'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verbatim-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, text: string): Promise<string> {
  const place = join(folder, name)
  await writeFile(place, text)
  return place
}

async function failure(attempt: () => unknown): Promise<ConfigurationError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('it should have failed')
}

const problemsOf = (error: ConfigurationError): string[] =>
  (error.context['problems'] as { path: string; message: string }[]).map(({ path }) => path)

describe('what is wrong', () => {
  test.each<[values: Record<string, unknown>, path: string]>([
    [{ redisUrl: 'http://host' }, 'redisUrl'],
    [{ redisUrl: 'unix:///run/redis.sock' }, 'redisUrl'],
    [{ redisUrl: 'REDIS://host' }, 'redisUrl'],
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
  ])('%j', (values, place) => {
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
  ])('nothing is with %j', (values) => {
    expect(new AIResponseCacheConfig(values).validate()).toMatchObject({
      isValid: true,
      errors: [],
    })
  })

  test('all of it is told at once, and no value of it', async () => {
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
      'redisUrl',
      'defaultTtl',
      'hashAlgorithm',
      'textSizeTiers.large',
      'colour',
    ])
    expect(`${error.message}${JSON.stringify(error.context)}`).not.toContain(SECRET)
  })
})

describe('what might be better', () => {
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
    [{ ...quiet, l1CacheSize: 501 }, ['l1CacheSize']],
    [{ ...quiet, defaultTtl: 86_400 }, []],
    [{ ...quiet, defaultTtl: 86_401 }, ['defaultTtl']],
  ])('%j', (values, paths) => {
    expect(said(values, 'recommendations')).toEqual(paths)
    expect(said(values, 'warnings')).toEqual([])
  })

  test('is warned of', () => {
    expect(said({ operationTtls: { qa: 1, classify: 1 } }, 'warnings')).toEqual([
      'operationTtls.classify',
    ])
    expect(said({ enableL1Cache: false, l1CacheSize: 10 }, 'warnings')).toEqual(['l1CacheSize'])
    expect(said({ enableL1Cache: false }, 'warnings')).toEqual([])
  })
})

describe('presets', () => {
  test.each<[PresetName, Partial<ConfigValues>]>([
    ['default', { redisUrl: 'redis://redis:6379', defaultTtl: 3_600, l1CacheSize: 100 }],
    ['development', { redisUrl: 'redis://localhost:6379', defaultTtl: 1_800, l1CacheSize: 50 }],
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
  ])('%s has %j, and nothing wrong', (name, values) => {
    const config = AIResponseCacheConfig.preset(name)
    expect(config.values).toMatchObject(values)
    expect(config.validate().errors).toEqual([])
  })

  test('of production need a URL', async () => {
    const config = AIResponseCacheConfig.production('rediss://host:6380')
    expect(config.values).toMatchObject({ redisUrl: 'rediss://host:6380', defaultTtl: 7_200 })
    expect(AIResponseCacheConfig.aiProduction('redis://host').values.l1CacheSize).toBe(1_000)
    expect(problemsOf(await failure(() => AIResponseCacheConfig.production('host')))).toEqual([
      'redisUrl',
    ])
  })

  test.each(['Production', 'none', 'toString', ''])('%j is none', (name) => {
    expect(() => AIResponseCacheConfig.preset(name as PresetName)).toThrow(
      'allowed: default, development, testing, production, ai-development, ai-production',
    )
  })

  test('of testing let every operation live for five minutes, and advise nothing but L1', () => {
    const config = AIResponseCacheConfig.testing()
    expect(new Set(Object.values(config.values.operationTtls))).toEqual(new Set([300]))
    expect(config.validate().recommendations).toEqual([])
    expect(AIResponseCacheConfig.development().validate().recommendations).toHaveLength(1)
  })
})

describe('merging', () => {
  test('what the other gives wins, even if it is a default', () => {
    const merged = AIResponseCacheConfig.development().merge({ defaultTtl: 3_600 })
    expect(merged.values).toMatchObject({ defaultTtl: 3_600, l1CacheSize: 50 })
  })

  test('what the other leaves out, or has undefined, does not', () => {
    const other = new AIResponseCacheConfig({ l1CacheSize: undefined, compressionLevel: 9 })
    const merged = AIResponseCacheConfig.development().merge(other)
    expect(merged.values).toMatchObject({ l1CacheSize: 50, compressionLevel: 9 })
  })

  test('neither changes by it', () => {
    const [one, other] = [AIResponseCacheConfig.testing(), AIResponseCacheConfig.development()]
    const before = JSON.stringify([one, other])
    one.merge(other)
    expect(JSON.stringify([one, other])).toBe(before)
  })
})

describe('files', () => {
  const FIELDS = {
    default_ttl: '2h',
    memory_cache_size: 250,
    enable_l1_cache: true,
    operation_ttls: { qa: 60 },
  }
  const VALUES = {
    defaultTtl: '2h',
    l1CacheSize: 250,
    enableL1Cache: true,
    operationTtls: { qa: 60 },
  }

  test('of JSON and YAML give the same as an object', async () => {
    const json = await file('config.json', JSON.stringify(FIELDS))
    const yaml = await file(
      'config.yaml',
      'default_ttl: 2h # a comment\nmemory_cache_size: 250\nenable_l1_cache: true\noperation_ttls:\n  qa: 60\n',
    )
    expect(AIResponseCacheConfig.fromObject(FIELDS).given).toEqual(VALUES)
    expect((await AIResponseCacheConfig.fromJson(json)).given).toEqual(VALUES)
    expect((await AIResponseCacheConfig.fromYaml(yaml)).given).toEqual(VALUES)
  })

  test('a configuration written as JSON is read back as it was', async () => {
    const config = AIResponseCacheConfig.aiProduction('redis://host')
    const again = await AIResponseCacheConfig.fromJson(
      await file('out.json', JSON.stringify(config)),
    )
    expect(again.values).toEqual(config.values)
  })

  test.each<[text: string, problem: string]>([
    ['', 'at its end: this is no JSON'],
    ['{\n"default_ttl": 1,\n}', 'line 3: this is no JSON'],
    [`{"redis_url": "${SECRET}" oops}`, 'line 1: this is no JSON'],
    ['[]', 'is an array; allowed: an object with fields'],
    ['"text"', 'is a string; allowed: an object with fields'],
    ['{"__proto__": {"default_ttl": 1}}', '__proto__: there is no such field'],
    ['{"default_ttl": 1, "defaultTtl": 2}', 'defaultTtl: is defaultTtl once more'],
    ['{"l1_cache_size": 1, "memory_cache_size": 1}', 'memory_cache_size: is l1CacheSize once more'],
  ])('%s is not used', async (text, problem) => {
    const error = await failure(async () =>
      AIResponseCacheConfig.fromJson(await file('x.json', text)),
    )
    expect(error.message).toContain(problem)
    expect(error.message).not.toContain(SECRET)
  })

  test.each<[text: string, problem: string]>([
    ['', 'is null; allowed: an object with fields'],
    ['- a\n- b', 'is an array'],
    [`default_ttl: [1\nredis_url: ${SECRET}`, 'this is no YAML'],
    ['default_ttl: 1\ndefault_ttl: 2', 'line 2: this is no YAML (DUPLICATE_KEY)'],
    ['a: &x 1\nb: *x', 'line 2: aliases are not allowed'],
    ['default_ttl: !!float 1', 'line 1: tags are not allowed'],
    ['default_ttl: !run 1', 'line 1: tags are not allowed'],
    ['default_ttl: nonsense', 'defaultTtl: allowed: seconds as a number'],
  ])('%s is not used', async (text, problem) => {
    const error = await failure(async () =>
      AIResponseCacheConfig.fromYaml(await file('x.yaml', text)),
    )
    expect(error.message).toContain(problem)
    expect(error.message).not.toContain(SECRET)
  })

  test('that are not there, or too large, are not used', async () => {
    const absent = await failure(() => AIResponseCacheConfig.fromYaml(join(folder, 'absent')))
    expect(absent.message).toContain('it cannot be read (ENOENT)')
    const large = await file('large.yaml', `a: ${'x'.repeat(262_144)}`)
    const error = await failure(() => AIResponseCacheConfig.fromYaml(large))
    expect(error.message).toContain('more than 262144 bytes')
  })
})

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

test('a cache takes a configuration', async () => {
  const config = AIResponseCacheConfig.testing().merge({ redisUrl: 'redis://127.0.0.1:1' })
  const cache = new AIResponseCache(config)
  await cache.cacheResponse({ text: 'text', operation: 'qa', response: 1 })
  expect(await cache.getTtl(cache.buildKey('text', 'qa'))).toBeLessThanOrEqual(300)
  await cache.close()
  expect(config.toGenericCacheOptions()).not.toHaveProperty('textHashThreshold')
})
