import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ProgramOutcome, runProgram } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CacheKeyGenerator } from '../../src/index.js'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'verbatim-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (args: readonly string[], input?: string): Promise<ProgramOutcome> =>
  runProgram(CLI, args, { input })

async function file(name: string, text: string): Promise<string> {
  const place = path.join(folder, name)
  await writeFile(place, text)
  return place
}

describe('config', () => {
  test('config check prints recommendations', async () => {
    const place = await file('good.yaml', 'default_ttl: 2d\n')
    expect(await run(['config', 'check', place])).toEqual({
      code: 0,
      out: 'recommendation: defaultTtl is more than a day: responses may be outdated\nrecommendation: operationTtls is not set: operations have the default TTLs\nvalid\n',
      err: '',
    })
  })

  test('config check prints every problem and no value', async () => {
    const place = await file('bad.json', '{"default_ttl": "s3cret", "colour": "s3cret"}')
    const { code, out } = await run(['config', 'check', place])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^error: line 1, column 2: default_ttl must be seconds.*\nerror: line 1, column 27: colour is unknown/,
    )
    expect(out).not.toContain('s3cret')
    const json = await run(['config', 'check', '--json', place])
    expect(JSON.parse(json.out)).toMatchObject({ isValid: false, errors: [{}, {}] })
  })

  test('config check reports an absent file', async () => {
    const { code, out } = await run(['config', 'check', path.join(folder, 'absent.yaml')])
    expect([code, out]).toEqual([
      1,
      'error: absent.yaml: the file cannot be read (ENOENT)\ninvalid\n',
    ])
  })

  test.each([
    ['preset: production\nredis_url: redis://cache.example\n', 'redisUrl must use TLS'],
    [`key_secret: ${'s3cret'.repeat(6)}\n`, "keySecret must be used with keyStyle: 'hashed'"],
  ])('config check reports settings that no cache accepts together: %j', async (text, message) => {
    const { code, out } = await run(['config', 'check', await file('refused.yaml', text)])
    expect([code, out]).toEqual([1, expect.stringContaining(`error: refused.yaml: ${message}`)])
    expect(out).not.toContain('s3cret')
  })

  test('config show prints a preset that config check accepts', async () => {
    const { out } = await run(['config', 'show', '--preset', 'ai-production'])
    expect(JSON.parse(out)).toMatchObject({ default_ttl: 14_400, key_style: 'hashed' })
    expect((await run(['config', 'check', await file('shown.json', out)])).code).toBe(0)
    const { code, err } = await run(['config', 'show', '--preset', 'none'])
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^error: --preset must be one of default, development,/),
    ])
  })
})

describe('key', () => {
  test('key prints the key of a text in a file or on standard input', async () => {
    const keys = new CacheKeyGenerator({ prefix: '' })
    const key = keys.generateCacheKey('Some text', 'qa', { tone: 'dry' }, 'Why?', 'ada')
    const args = ['--operation', 'qa', '--options', '{"tone":"dry"}', '--question', 'Why?']
    const place = await file('text.txt', 'Some text')
    expect((await run(['key', place, ...args, '--tenant', 'ada'])).out).toBe(`${key}\n`)
    expect((await run(['key', '-', ...args, '--tenant', 'ada'], 'Some text')).out).toBe(`${key}\n`)
  })

  test('key --json prints the key and its parts', async () => {
    const { out } = await run(['key', '-', '--operation', 'qa', '--json'], 'Some text')
    expect(JSON.parse(out)).toEqual({
      key: 'op:qa|txt:Some text',
      redisKey: 'ai_cache:op:qa|txt:Some text',
      style: 'readable',
      parts: ['op:qa', 'txt:Some text'],
    })
  })

  test.each([
    [['--operation', ''], '--operation must be a string'],
    [['--operation', 'qa', '--options', '{'], '--options must be JSON; received another text'],
    [
      ['--operation', 'qa', '--options', '{"a":[{"b":1}],"b":2,"a":3}'],
      '--options must be JSON without a repeated name; received one',
    ],
    [['--operation', 'qa', '--options', '[]'], '--options must be a plain object'],
    [['--operation', 'qa', '--options', '{"n":1e999}'], '--options["n"] must be plain data'],
    [['--operation', 'qa', '--tenant', ''], '--tenant must be a string of 1 to 128 characters'],
    [['--operation', 'qa', '--config', ''], '--config must be the path of a file'],
    [
      ['--operation', 'qa', '--operation', 'summarize'],
      '--operation must be given once; received it twice',
    ],
    [['--operation', 'qa', '--style', 'legacy', '--tenant', 'ada'], 'legacy keys have no tenants'],
    [['--operation', 'qa', '--key-prefix', ''], '--key-prefix must be a string of 1 to 128'],
    [[], '--operation must be given'],
  ])('key rejects %j', async (args, message) => {
    const { code, out, err } = await run(['key', '-', ...args], 'Some text')
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })

  test('key ignores a byte order mark in a file and on standard input', async () => {
    const place = await file('marked.txt', '\uFEFFSome text')
    const key = 'op:qa|txt:Some text\n'
    expect((await run(['key', place, '--operation', 'qa'])).out).toBe(key)
    expect((await run(['key', '-', '--operation', 'qa'], '\uFEFFSome text')).out).toBe(key)
  })

  test('key rejects a text that is not UTF-8', async () => {
    const place = path.join(folder, 'latin1.txt')
    await writeFile(place, Buffer.from('caf\u00e9', 'latin1'))
    const { code, out, err } = await run(['key', place, '--operation', 'qa'])
    expect([code, out, err]).toEqual([
      1,
      '',
      'error: the text must be UTF-8; received other bytes\n',
    ])
  })

  test('key reports an absent file', async () => {
    const { err } = await run(['key', path.join(folder, 'absent'), '--operation', 'qa'])
    expect(err).toBe('error: the file of the text cannot be read (ENOENT)\n')
  })
})

describe('the environment', () => {
  test('commands without a file read the environment and report misspellings', async () => {
    const env = {
      AI_CACHE_KEY_STYLE: 'hashed',
      AI_CACHE_KEY_PREFIX: 'shop:',
      AI_CACHE_PORT: 'tcp://10.0.0.7:6379',
    }
    const args = ['key', '-', '--operation', 'qa', '--json']
    const { out } = await runProgram(CLI, args, { input: 'Some text', env })
    const { key, redisKey } = JSON.parse(out)
    expect(key).toMatch(/^op:qa\|h:/)
    expect(redisKey).toBe(`shop:${key}`)
    const { code, err } = await runProgram(CLI, args, { env: { AI_CACHE_KEY_STILE: 's3cret' } })
    expect([code, err]).toEqual([
      1,
      'error: the environment is invalid: AI_CACHE_KEY_STILE is unknown. Did you mean AI_CACHE_KEY_STYLE?\n',
    ])
  })
})
