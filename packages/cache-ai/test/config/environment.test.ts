import { describe, expect, test } from 'vitest'
import { AIResponseCache, AIResponseCacheConfig } from '../../src/index.js'
import { failure, problemsOf, SECRET } from './refused.js'

type Variables = Readonly<Record<string, string>>

const read = (variables: Variables, prefix?: string): AIResponseCacheConfig =>
  AIResponseCacheConfig.fromEnv(variables, prefix)

/** Returns the message for each invalid variable. */
async function messages(variables: Record<string, string>): Promise<Record<string, string>> {
  const error = await failure(() => read(variables))
  const problems = error.context['problems'] as { path: string; message: string }[]
  return Object.fromEntries(problems.map(({ path, message }) => [path, message]))
}

describe('fields of the environment', () => {
  test('fromEnv reads fields over those of a preset', () => {
    const config = read({
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

  test('fromEnv reads the plain options of a cache', async () => {
    const config = read({
      AI_CACHE_REDIS_URL: 'redis://127.0.0.1:1',
      AI_CACHE_KEY_PREFIX: 'shop:',
      AI_CACHE_ISOLATION: 'clone',
      AI_CACHE_L1_CACHE_BYTES: '1048576',
      AI_CACHE_MAX_VALUE_BYTES: '2048',
      AI_CACHE_READ_ONLY: 'yes',
      AI_CACHE_COMMAND_TIMEOUT: '50',
      AI_CACHE_ON_BACKEND_ERROR: 'throw',
      AI_CACHE_KEY_STYLE: 'hashed',
    })
    expect(config.given).toEqual({
      redisUrl: 'redis://127.0.0.1:1',
      keyPrefix: 'shop:',
      isolation: 'clone',
      l1CacheBytes: 1_048_576,
      maxValueBytes: 2_048,
      readOnly: true,
      commandTimeout: 50,
      onBackendError: 'throw',
      keyStyle: 'hashed',
    })
    await using cache = new AIResponseCache(config)
    await expect(cache.set('key', 1)).rejects.toMatchObject({ code: 'READ_ONLY' })
  })

  test('fromEnv reads Sentinel and Cluster from several variables or from JSON', () => {
    const sentinel = {
      name: 'main',
      urls: ['redis://a:26379', 'redis://b:26379'],
      password: 'from a secret',
      database: 2,
      tls: false,
    }
    const flat = read({
      AI_CACHE_SENTINEL_NAME: 'main',
      AI_CACHE_SENTINEL_URLS: 'redis://a:26379, redis://b:26379',
      AI_CACHE_SENTINEL_PASSWORD: 'from a secret\n',
      AI_CACHE_SENTINEL_DATABASE: '2',
      AI_CACHE_SENTINEL_TLS: 'off',
    })
    expect(flat.given).toEqual({ sentinel })
    expect(read({ AI_CACHE_SENTINEL: JSON.stringify(sentinel) }).given).toEqual({ sentinel })
    expect(flat.toCacheOptions()).not.toHaveProperty('redisUrl')
    expect(read({ AI_CACHE_CLUSTER_URLS: 'redis://a:7000 redis://b:7001' }).given).toEqual({
      cluster: { urls: ['redis://a:7000', 'redis://b:7001'] },
    })
    expect(read({ AI_CACHE_TEXT_SIZE_TIERS_SMALL: '' }).given).toEqual({})
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
  ])('fromEnv reads ENABLE_L1_CACHE=%s as %s', (text, enableL1Cache) => {
    const config = read({ AI_CACHE_ENABLE_L1_CACHE: text })
    expect(config.given).toEqual({ enableL1Cache })
    expect(config.validate().errors).toEqual([])
  })

  test('fromEnv reads variables with another prefix', () => {
    expect(read({ MY_DEFAULT_TTL: '5m', AI_CACHE_X: '1' }, 'MY_').given).toEqual({
      defaultTtl: '5m',
    })
    expect(read({ DEFAULT_TTL: '5m', DEFUALT_TTL: '5m', HOME: '/root' }, '').given).toEqual({
      defaultTtl: '5m',
    })
    const two = { AI_CACHE_DEFAULT_TTL: '1m', AI_CACHE_DOCS_DEFAULT_TTL: '2m' }
    expect(read(two).given).toEqual({ defaultTtl: '1m' })
    expect(read(two, 'AI_CACHE_DOCS_').given).toEqual({ defaultTtl: '2m' })
  })

  test.each([['MY'], ['MY-'], ['1_'], [7]])('fromEnv rejects the prefix %j', async (prefix) => {
    const error = await failure(() => read({}, prefix as string))
    expect(error.message).toMatch(/^prefix must be letters, digits and underscores/)
  })
})

describe('blank and padded variables', () => {
  test.each(['DEFAULT_TTL', 'REDIS_URL', 'PRESET', 'KEY_STYLE', 'OPERATION_TTLS'])(
    'fromEnv ignores a blank %s',
    (name) => {
      for (const text of ['', ' ', '\t\n', '""', "''", '" "']) {
        expect(read({ [`AI_CACHE_${name}`]: text }).given).toEqual({})
      }
    },
  )

  test('fromEnv removes white space, line ends and one pair of quotes', () => {
    const config = read({
      AI_CACHE_REDIS_URL: ' redis://host:6379\r\n',
      AI_CACHE_DEFAULT_TTL: '"300"',
      AI_CACHE_ENABLE_L1_CACHE: "' true '",
      AI_CACHE_OPERATION_TTLS: '\'{"qa": 60}\'',
      AI_CACHE_PRESET: 'testing\n',
    })
    expect(config.given).toEqual({
      redisUrl: 'redis://host:6379',
      defaultTtl: 300,
      enableL1Cache: true,
      operationTtls: { qa: 60 },
      preset: 'testing',
    })
  })
})

describe('variables of other programs', () => {
  test.each<[program: string, variables: Record<string, string>, prefix?: string]>([
    [
      'Kubernetes, for a Service named ai-cache',
      {
        AI_CACHE_SERVICE_HOST: '10.0.0.7',
        AI_CACHE_SERVICE_PORT: '6379',
        AI_CACHE_SERVICE_PORT_METRICS: '9121',
        AI_CACHE_PORT: 'tcp://10.0.0.7:6379',
        AI_CACHE_PORT_6379_TCP: 'tcp://10.0.0.7:6379',
        AI_CACHE_PORT_6379_TCP_PROTO: 'tcp',
        AI_CACHE_PORT_6379_TCP_PORT: '6379',
        AI_CACHE_PORT_6379_TCP_ADDR: '10.0.0.7',
      },
    ],
    [
      'Kubernetes, for a Service named ai-cache-redis',
      {
        AI_CACHE_REDIS_SERVICE_HOST: '10.0.0.8',
        AI_CACHE_REDIS_SERVICE_PORT: '6379',
        AI_CACHE_REDIS_PORT: 'tcp://10.0.0.8:6379',
        AI_CACHE_REDIS_PORT_6379_TCP: 'tcp://10.0.0.8:6379',
      },
    ],
    [
      'Kubernetes, for Services whose names resemble fields',
      {
        AI_CACHE_TTL_SERVICE_HOST: '10.0.0.8',
        AI_CACHE_URL_PORT: 'tcp://10.0.0.8:6379',
        AI_CACHE_SENTINEL_PORT: 'tcp://10.0.0.8:26379',
        AI_CACHE_SENTINEL_SERVICE_HOST: '10.0.0.8',
        AI_CACHE_PREFIX_PORT_6379_TCP_ADDR: '10.0.0.8',
      },
    ],
    [
      'Docker, for a link named ai-cache',
      {
        AI_CACHE_NAME: '/app/ai-cache',
        AI_CACHE_PORT: 'tcp://172.17.0.5:6379',
        AI_CACHE_PORT_6379_TCP: 'tcp://172.17.0.5:6379',
        AI_CACHE_ENV_REDIS_VERSION: '7.0.15',
        AI_CACHE_ENV_DEFAULT_TTL: '1',
      },
    ],
    ['systemd', { CACHE_DIRECTORY: '/var/cache/app' }, 'CACHE_'],
    ['Kubernetes, for a Service named redis', { REDIS_PORT: 'tcp://10.0.0.9:6379' }, 'REDIS_'],
    ['a deployment', { AI_CACHE_VERSION: '2', AI_CACHE_IMAGE: 'x', AI_CACHE_COLOUR: SECRET }],
  ])('fromEnv ignores the variables of %s', (_program, variables, prefix) => {
    const own = { [`${prefix ?? 'AI_CACHE_'}DEFAULT_TTL`]: '60' }
    expect(read({ ...own, ...variables }, prefix).given).toEqual({ defaultTtl: 60 })
  })
})

describe('invalid variables', () => {
  test.each([
    ['AI_CACHE_DEFUALT_TTL', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_DEFAULTTTL', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_REDISURL', 'AI_CACHE_REDIS_URL'],
    ['AI_CACHE_REDIS_HOST', 'AI_CACHE_REDIS_URL'],
    ['AI_CACHE_PRESETS', 'AI_CACHE_PRESET'],
    ['AI_CACHE_OPERATION_TTLS_QA', 'AI_CACHE_OPERATION_TTLS'],
    ['AI_CACHE_SENTINEL_URL', 'AI_CACHE_SENTINEL_URLS'],
    ['ai_cache_default_ttl', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_default_ttl', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE__DEFAULT_TTL', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_DEFAULT__TTL_', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_TTL', 'AI_CACHE_DEFAULT_TTL'],
    ['AI_CACHE_URL', 'AI_CACHE_REDIS_URL'],
    ['AI_CACHE_PREFIX', 'AI_CACHE_KEY_PREFIX'],
    ['AI_CACHE_ENABLE_L1', 'AI_CACHE_ENABLE_L1_CACHE'],
    ['AI_CACHE_L1_SIZE', 'AI_CACHE_L1_CACHE_SIZE'],
    ['AI_CACHE_L1_BYTES', 'AI_CACHE_L1_CACHE_BYTES'],
    ['AI_CACHE_HASH_ALGO', 'AI_CACHE_HASH_ALGORITHM'],
    ['AI_CACHE_MAX_BYTES', 'AI_CACHE_MAX_VALUE_BYTES'],
    ['AI_CACHE_ON_ERROR', 'AI_CACHE_ON_BACKEND_ERROR'],
    ['AI_CACHE_COMPRESSION', 'AI_CACHE_COMPRESSION_LEVEL'],
    ['AI_CACHE_TIMEOUT', 'AI_CACHE_COMMAND_TIMEOUT'],
    ['AI_CACHE_SENTINEL_USER', 'AI_CACHE_SENTINEL_USERNAME'],
    ['AI_CACHE_SENTINEL_PASS', 'AI_CACHE_SENTINEL_PASSWORD'],
    ['AI_CACHE_SENTINEL_DB', 'AI_CACHE_SENTINEL_DATABASE'],
    ['AI_CACHE_SENTINEL_HOST', 'AI_CACHE_SENTINEL_URLS'],
    ['AI_CACHE_CLUSTER_NODES', 'AI_CACHE_CLUSTER_URLS'],
  ])('fromEnv reports %s as a misspelling of %s', async (variable, nearest) => {
    expect(await messages({ [variable]: SECRET })).toEqual({
      [variable]: `is unknown. Did you mean ${nearest}?`,
    })
  })

  test('fromEnv reports an option that only code can set', async () => {
    expect(await messages({ AI_CACHE_PERFORMANCE_MONITOR: 'true' })).toEqual({
      AI_CACHE_PERFORMANCE_MONITOR: expect.stringMatching(/^can only be set in code; pass client,/),
    })
  })

  test('fromEnv reports every problem by the name of its variable, and no value', async () => {
    const error = await failure(() =>
      read({
        AI_CACHE_PRESET: 'prod',
        AI_CACHE_DEFAULT_TTL: SECRET,
        AI_CACHE_ENABLE_L1_CACHE: 'perhaps',
        AI_CACHE_OPERATION_TTLS: `{${SECRET}`,
        AI_CACHE_TEXT_SIZE_TIERS: '{"small":1,"medium":2}',
        AI_CACHE_L1_CACHE_SIZE: '1',
        AI_CACHE_MEMORY_CACHE_SIZE: '1',
        AI_CACHE_REDIS_URL: `http://user:${SECRET}@host`,
        AI_CACHE_CLUSTER_URLS: `redis://a:7000,${SECRET}`,
      }),
    )
    expect(problemsOf(error).toSorted()).toEqual([
      'AI_CACHE_CLUSTER_URLS',
      'AI_CACHE_CLUSTER_URLS[1]',
      'AI_CACHE_DEFAULT_TTL',
      'AI_CACHE_ENABLE_L1_CACHE',
      'AI_CACHE_MEMORY_CACHE_SIZE',
      'AI_CACHE_OPERATION_TTLS',
      'AI_CACHE_PRESET',
      'AI_CACHE_REDIS_URL',
      'AI_CACHE_TEXT_SIZE_TIERS.large',
    ])
    const said = `${error.message}${JSON.stringify(error.context)}`
    expect(said).not.toContain(SECRET)
    expect(said).not.toContain('allowed:')
  })

  test.each<[variables: Record<string, string>, path: string, message: string]>([
    [
      { AI_CACHE_COMPRESSION_LEVEL: 'ten' },
      'AI_CACHE_COMPRESSION_LEVEL',
      'must be an integer from 1 to 9; received a string',
    ],
    [
      { AI_CACHE_SENTINEL_NAME: 'main' },
      'AI_CACHE_SENTINEL_URLS',
      'must be a list of at least one URL; received nothing',
    ],
    [
      { AI_CACHE_SENTINEL: '{}', AI_CACHE_SENTINEL_NAME: 'main' },
      'AI_CACHE_SENTINEL_NAME',
      'sets the same field as AI_CACHE_SENTINEL',
    ],
    [
      { AI_CACHE_SENTINEL_NAME: 'main', AI_CACHE_SENTINEL: '{}' },
      'AI_CACHE_SENTINEL',
      'sets the same field as AI_CACHE_SENTINEL_NAME',
    ],
    [
      { AI_CACHE_REDIS_URL: 'redis://a', AI_CACHE_CLUSTER_URLS: 'redis://b' },
      'AI_CACHE_CLUSTER_URLS',
      'conflicts with AI_CACHE_REDIS_URL: only one of them can be set',
    ],
    [
      { AI_CACHE_OPERATION_TTLS: 'qa=60' },
      'AI_CACHE_OPERATION_TTLS',
      'must be JSON; received another text',
    ],
    [
      { AI_CACHE_OPERATION_TTLS: '{"qa":1,"sentiment":2,"q\\u0061":3}' },
      'AI_CACHE_OPERATION_TTLS',
      'must be JSON without a repeated name; received one',
    ],
    [
      { AI_CACHE_DEFAULT_TTL: 60 } as never,
      'AI_CACHE_DEFAULT_TTL',
      'must be a string; received a number',
    ],
    [
      { AI_CACHE_TTL: 60 } as never,
      'AI_CACHE_TTL',
      'is unknown. Did you mean AI_CACHE_DEFAULT_TTL?',
    ],
    [
      { AICACHE_DEFAULT_TTL: '60' },
      'AICACHE_DEFAULT_TTL',
      'is unknown. Did you mean AI_CACHE_DEFAULT_TTL?',
    ],
    [
      { 'ai-cache.redis-url': 'redis://h' },
      'ai-cache.redis-url',
      'is unknown. Did you mean AI_CACHE_REDIS_URL?',
    ],
    [
      { AI_CACHE_NAME: 'answers\nERROR' },
      'AI_CACHE_NAME',
      'must be a string of 1 to 64 characters, not blank and without control characters; received a string',
    ],
  ])('fromEnv reports a problem in %j', async (variables, path, message) => {
    expect(await messages(variables)).toMatchObject({ [path]: message })
  })
})

test('fromEnv reports a number that is too large for an integer once', () => {
  const tooLarge = { AI_CACHE_L1_CACHE_SIZE: '9'.repeat(20) }
  expect(() => read(tooLarge)).toThrow(
    /^the environment is invalid: AI_CACHE_L1_CACHE_SIZE must be an integer from 1 to 10000; received a number$/,
  )
})

test('fromEnv ignores a variable whose name only contains a known name', () => {
  const others = { AICACHE_DEFAULT_TTL_SECONDS: '5', MY_AICACHE_DEFAULT_TTL: '5', AICACHE: 'x' }
  expect(read(others).given).toEqual({})
})

test('the sentences about several misspelled variables are separate', async () => {
  const variables = { AI_CACHE_DEFUALT_TTL: '5', AI_CACHE_PRSET: 'testing' }
  expect(() => AIResponseCacheConfig.fromEnv(variables)).toThrow(
    'Did you mean AI_CACHE_DEFAULT_TTL? AI_CACHE_PRSET is unknown.',
  )
})
