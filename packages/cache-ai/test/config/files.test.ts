import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AIResponseCache, AIResponseCacheConfig } from '../../src/index.js'
import { failure, SECRET } from './refused.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verbatim-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const place = join(folder, name)
  await writeFile(place, content)
  return place
}

const json = async (content: string | Uint8Array): Promise<AIResponseCacheConfig> =>
  AIResponseCacheConfig.fromJson(await file('c.json', content))
const yaml = async (content: string | Uint8Array): Promise<AIResponseCacheConfig> =>
  AIResponseCacheConfig.fromYaml(await file('c.yaml', content))

describe('valid files', () => {
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

  test('JSON, YAML and objects give the same fields', async () => {
    const text =
      'default_ttl: 2h # a comment\nmemory_cache_size: 250\nenable_l1_cache: true\noperation_ttls:\n  qa: 60\n'
    expect(AIResponseCacheConfig.fromObject(FIELDS).given).toEqual(VALUES)
    expect(AIResponseCacheConfig.fromObject(VALUES).given).toEqual(VALUES)
    expect((await json(JSON.stringify(FIELDS, null, '\t'))).given).toEqual(VALUES)
    expect((await yaml(text)).given).toEqual(VALUES)
    expect((await yaml(text.replaceAll('\n', '\r\n'))).given).toEqual(VALUES)
  })

  test('a file sets the plain options of a cache', async () => {
    const config = await yaml(`
redis_url: redis://127.0.0.1:1
key_prefix: 'shop:'
isolation: clone
l1_cache_bytes: 1048576
max_value_bytes: 2048
read_only: true
command_timeout: 50
on_backend_error: throw
`)
    await using cache = new AIResponseCache(config)
    await expect(cache.set('key', 1)).rejects.toMatchObject({ code: 'READ_ONLY' })
    expect(config.toCacheOptions()).toMatchObject({
      keyPrefix: 'shop:',
      isolation: 'clone',
      l1CacheBytes: 1_048_576,
      maxValueBytes: 2_048,
    })
  })

  test('a file sets Sentinel and Cluster for a cache', async () => {
    const sentinel = await yaml(
      'sentinel:\n  name: main\n  urls:\n    - redis://127.0.0.1:1\n  password: x\n  database: 2\n',
    )
    expect(sentinel.values.redisUrl).toBeUndefined()
    await new AIResponseCache(sentinel).close()
    const cluster = await json('{"cluster": {"urls": ["redis://127.0.0.1:1"]}}')
    await new AIResponseCache(cluster).close()
    expect(cluster.given).toEqual({ cluster: { urls: ['redis://127.0.0.1:1'] } })
  })

  test('the fields of a file override the preset in the file', async () => {
    const config = await yaml('default_ttl: 60\noperation_ttls: { qa: 5 }\npreset: testing\n')
    expect(config.values).toMatchObject({ defaultTtl: 60, l1CacheSize: 10 })
    expect(config.values.operationTtls).toMatchObject({ qa: 5, summarize: 300 })
    expect(config.toCacheOptions()).not.toHaveProperty('preset')
  })

  test('the environment overrides the preset and the fields of a file', async () => {
    const written = await yaml('preset: testing\ndefault_ttl: 60\nredis_url: redis://file\n')
    const config = written.merge(
      AIResponseCacheConfig.fromEnv({
        AI_CACHE_PRESET: 'development',
        AI_CACHE_CLUSTER_URLS: 'redis://a:7000',
      }),
    )
    expect(config.values).toMatchObject({ defaultTtl: 60, l1CacheSize: 50, compressionLevel: 3 })
    expect(config.values.operationTtls).toEqual({})
    expect(config.toCacheOptions()).toMatchObject({ cluster: { urls: ['redis://a:7000'] } })
    expect(config.toCacheOptions()).not.toHaveProperty('redisUrl')
    expect(config.validate().errors).toEqual([])
  })

  test('fromJson reads the output of toJSON', async () => {
    const config = AIResponseCacheConfig.aiProduction('redis://host')
    const again = await json(JSON.stringify(config))
    expect(again.values).toEqual(config.values)
    const sentinel = { sentinel: { name: 'main', urls: ['redis://a'] } }
    expect(JSON.parse(JSON.stringify(AIResponseCacheConfig.fromObject(sentinel)))).toMatchObject(
      sentinel,
    )
  })

  test('a byte order mark is ignored', async () => {
    expect((await json('\uFEFF{"default_ttl": 60}')).given).toEqual({ defaultTtl: 60 })
    expect((await yaml('\uFEFFdefault_ttl: 60\r\n')).given).toEqual({ defaultTtl: 60 })
  })
})

describe('invalid JSON', () => {
  test.each<[text: string, problem: string]>([
    ['', 'the file must be JSON; received an empty file'],
    [
      '{"default_ttl": 1,\n"default_ttl": 2}',
      'line 2, column 1: default_ttl is set twice, first on line 1',
    ],
    [
      '{"operation_ttls": {"qa": 1,\n "qa": 2}}',
      'line 2, column 2: operation_ttls.qa is set twice, first on line 1',
    ],
    [
      '{\n"default_ttl": 1,\n}',
      'line 3, column 1: the file must be JSON; received other text here',
    ],
    [`{"redis_url": "${SECRET}" oops}`, 'line 1, column 30: the file must be JSON'],
    ["{'a': 1}", 'line 1, column 2: the file must be JSON'],
    ['// hello\n{}', 'line 1, column 1: the file must be JSON'],
    [`{"a": "${SECRET}\n"}`, 'the file must be JSON'],
    ['{"a": 1}\n{"b": 2}', 'line 2, column 1: the file must be JSON'],
    ['[]', 'the content must be a mapping of fields to values; received an array'],
    ['"text"', 'the content must be a mapping of fields to values; received a string'],
    ['null', 'the content must be a mapping of fields to values; received nothing'],
    ['{"__proto__": {"default_ttl": 1}}', 'line 1, column 2: __proto__ is unknown'],
    [
      '{"default_ttl": 1,\n "defaultTtl": 2}',
      'line 2, column 2: defaultTtl sets the same field as default_ttl',
    ],
    [
      '{"l1_cache_size": 1, "memory_cache_size": 1}',
      'line 1, column 22: memory_cache_size sets the same field as l1_cache_size',
    ],
    [
      '{\n  "cluster": {\n    "urls": [\n      "redis://a",\n      "http://b"]}}',
      'line 5, column 7: cluster.urls[1] must be redis://[user:password@]host[:port]',
    ],
    ['{"defaultTTL": 1}', 'defaultTTL is unknown. Did you mean defaultTtl?'],
    ['{"DEFAULT_TTL": 1}', 'DEFAULT_TTL is unknown. Did you mean default_ttl?'],
    ['[['.repeat(60_000), 'the file must have at most 100 levels'],
  ])('fromJson reports the place of problem %#', async (text, problem) => {
    const { message, context } = await failure(() => json(text))
    expect(message).toMatch(/^c\.json is invalid: /)
    expect(message).toContain(problem)
    expect(`${message}${JSON.stringify(context)}`).not.toContain(SECRET)
  })
})

describe('invalid YAML', () => {
  test.each<[text: string, problem: string]>([
    ['', 'the content must be a mapping of fields to values; received nothing'],
    ['# only a comment\n', 'received nothing'],
    ['- a\n- b', 'the content must be a mapping of fields to values; received an array'],
    [`redis_url=${SECRET}`, 'the content must be a mapping of fields to values; received a string'],
    [
      `default_ttl: [1\nredis_url: ${SECRET}`,
      'line 2, column 1: the indentation must match that of the lines above',
    ],
    [
      'default_ttl: 1\ndefault_ttl: 2',
      'line 2, column 1: default_ttl is set twice, first on line 1',
    ],
    [
      'operation_ttls:\n  qa: 1\n  qa: 2\n',
      'line 3, column 3: operation_ttls.qa is set twice, first on line 2',
    ],
    [
      'operation_ttls:\n  summarize: 60\n  qa: soon\n',
      'line 3, column 3: operation_ttls.qa must be',
    ],
    [
      'text_size_tiers:\n  small: 1\n  medium: 2\n',
      'line 1, column 1: text_size_tiers.large must be',
    ],
    [
      'operation_ttls:\n\tqa: 60\n',
      'line 2, column 1: the indentation must be of spaces; received a tab',
    ],
    ['default_ttl: 1\n  key_style: hashed\n', 'line 1, column 14: a line must hold one field'],
    [`default_ttl 60\nredis_url: ${SECRET}\n`, 'line 1, column 1: a field must be a name, a colon'],
    ['default_ttl: 1\n---\ndefault_ttl: 2\n', 'the file must be one document; received another'],
    [
      'redis_url: @host\n',
      'line 1, column 12: a text that begins with this character must be in quotes',
    ],
    ['a: &x 1\nb: *x', 'line 2, column 4: aliases are not supported'],
    [
      `a: &a [x, x]\nb: &b [${'*a, '.repeat(9)}*a]\nc: [${'*b, '.repeat(9)}*b]`,
      'aliases are not supported',
    ],
    ['default_ttl: !!float 1', 'line 1, column 22: tags are not supported'],
    ['default_ttl: !run 1', 'tags are not supported'],
    ['default_ttl: nonsense', 'line 1, column 1: default_ttl must be seconds as a number'],
    ['defaultTtl: nonsense', 'line 1, column 1: defaultTtl must be seconds as a number'],
    [
      'default_ttl:\n',
      'default_ttl must be seconds as a number, or a string such as 30s, 5m, 2h or 1d; at most a year; received null',
    ],
    ['enable_l1_cache: yes\n', 'enable_l1_cache must be true or false; received a string'],
    ['key_prefx: x\n', 'key_prefx is unknown. Did you mean key_prefix?'],
    [
      'cluster:\n  url: redis://a\n',
      'line 2, column 3: cluster.url is unknown. Did you mean urls?',
    ],
    ['preset: prod\n', 'line 1, column 1: preset must be one of default, development,'],
    ['logger: 1\nclock: system\n', 'line 2, column 1: clock can only be set in code; pass client,'],
    [
      'redis_url: redis://a\ncluster: { urls: [redis://b] }\n',
      'line 2, column 1: cluster conflicts with redis_url',
    ],
    [`{ a: ${SECRET} }: 1`, '(a name with other characters) is unknown'],
    ['['.repeat(50_000), 'the file must have at most 100 levels'],
    [`${'- '.repeat(50_000)}x`, 'the file must have at most 100 levels'],
    [`${'? '.repeat(50_000)}x`, 'the file must have at most 100 levels'],
  ])('fromYaml reports the place of problem %#', async (text, problem) => {
    const { message, context } = await failure(() => yaml(text))
    expect(message).toMatch(/^c\.yaml is invalid: /)
    expect(message).toContain(problem)
    expect(`${message}${JSON.stringify(context)}`).not.toContain(SECRET)
  })

  test('fromYaml reports the same lines with Windows line ends', async () => {
    const { message } = await failure(() => yaml('# one\r\ndefault_ttl: 1\r\nkey_style: x\r\n'))
    expect(message).toContain('line 3, column 1: key_style must be one of readable, hashed, legacy')
  })

  test('fromYaml prints no warning that quotes the text', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): number => warnings.push(warning)
    process.on('warning', note)
    await failure(() => yaml(`{ a: ${SECRET} }: 1`))
    await new Promise(setImmediate)
    process.off('warning', note)
    expect(warnings).toEqual([])
  })
})

describe('unreadable files', () => {
  test.each<[kind: string, content: string | Uint8Array, problem: string]>([
    ['is too large', `a: ${'x'.repeat(262_144)}`, 'the file must have at most 262144 bytes'],
    [
      'is UTF-16',
      Buffer.from('\uFEFFdefault_ttl: 60', 'utf16le'),
      'must be UTF-8; received UTF-16',
    ],
    ['is not text', new Uint8Array([97, 58, 32, 255, 254]), 'must be UTF-8; received other bytes'],
  ])('a file that %s is rejected', async (_kind, content, problem) => {
    expect((await failure(() => yaml(content))).message).toContain(problem)
    expect((await failure(() => json(content))).message).toContain(problem)
  })

  test('an absent file, a folder and undefined are rejected', async () => {
    const absent = await failure(() => AIResponseCacheConfig.fromYaml(join(folder, 'absent.yaml')))
    expect(absent.message).toBe('absent.yaml is invalid: the file cannot be read (ENOENT)')
    const directory = await failure(() => AIResponseCacheConfig.fromJson(folder))
    expect(directory.message).toContain('the file cannot be read (EISDIR)')
    await expect(AIResponseCacheConfig.fromYaml(undefined as never)).rejects.toThrow(
      'path must be the path of a file; received undefined',
    )
  })
})
