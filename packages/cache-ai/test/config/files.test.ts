import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AIResponseCacheConfig } from '../../src/index.js'
import { failure, SECRET } from './refused.js'

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
    ['', 'cannot be used: this is no JSON'],
    ['{"default_ttl": 1,\n"default_ttl": 2}', 'line 2: this field was there before'],
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

  test('may begin with the mark of their encoding', async () => {
    const json = await file('marked.json', '\uFEFF{"default_ttl": 60}')
    expect((await AIResponseCacheConfig.fromJson(json)).given).toEqual({ defaultTtl: 60 })
  })

  test('are not quoted by warnings either', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): number => warnings.push(warning)
    process.on('warning', note)
    const yaml = await file('keys.yaml', `{ a: ${SECRET} }: 1`)
    await failure(() => AIResponseCacheConfig.fromYaml(yaml))
    await new Promise(setImmediate)
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('that are not there, or too large, are not used', async () => {
    const absent = await failure(() => AIResponseCacheConfig.fromYaml(join(folder, 'absent')))
    expect(absent.message).toContain('it cannot be read (ENOENT)')
    const large = await file('large.yaml', `a: ${'x'.repeat(262_144)}`)
    const error = await failure(() => AIResponseCacheConfig.fromYaml(large))
    expect(error.message).toContain('more than 262144 bytes')
  })
})
