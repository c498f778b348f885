import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  askRedis,
  freePort,
  type RedisServer,
  runPiped,
  startProgram,
  startRedis,
} from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const QUICK = ['--budget', '20']

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function cacheBench(
  args: readonly string[],
  cwd: string = PACKAGE,
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, timeout: 30_000, env: { PATH: process.env['PATH'], ...env } }
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, stdout, stderr })
    })
  })
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cache-bench-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function writeModule(name: string, code: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, code)
  return file
}

const MAP_CACHE = `class MapCache {
  #entries = new Map()
  async set(key, value) { this.#entries.set(key, value) }
  async get(key) { return this.#entries.get(key) }
  async exists(key) { return this.#entries.has(key) }
  async delete(key) { return this.#entries.delete(key) }
}`

describe('run --cache memory', () => {
  test('prints a table', async () => {
    const { exitCode, stdout, stderr } = await cacheBench(['run', '--cache', 'memory', ...QUICK])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/│ memory +│ set +│/)
    const [, warmupIterations = ''] =
      /100 iterations after a warm-up of (\d+), seed 1/.exec(stdout) ?? []
    expect(Number(warmupIterations)).toBeGreaterThan(1_000)
    expect(exitCode).toBe(0)
  })

  test('prints the result as JSON with --json', async () => {
    const options = ['--json', '--iterations', '25', '--warmup-iterations', '3', '--seed', '42']
    const started = ['run', '--cache', 'memory', ...QUICK]
    const { exitCode, stdout } = await cacheBench([...started, ...options])
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({
      cache_name: 'memory',
      iterations: 25,
      success_rate: 1,
      metadata: { seed: 42, warmup_iterations: 3 },
    })
    expect(Object.keys(result.operations)).toEqual(['set', 'get', 'exists'])
    expect(result.samples_ms.length).toBeGreaterThan(5)
    expect(result.operations.get.min_duration_ms).toBeGreaterThan(0)
    expect(exitCode).toBe(0)
  })
})

describe('run --cache redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test.each([
    ['redis', []],
    ['redis without L1', ['--no-l1']],
  ])('measures %s with a real server', async (cacheName, options) => {
    const args = [
      'run',
      '--cache',
      'redis',
      '--redis-url',
      redis.url,
      '--json',
      ...QUICK,
      ...options,
    ]
    const { exitCode, stdout, stderr } = await cacheBench(args)
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ cache_name: cacheName, success_rate: 1 })
  })

  const entries = async (prefix = ''): Promise<string> =>
    (await askRedis(redis.port, `KEYS ${prefix}*test_key*`)).trim()

  test.each(['', 'x'.repeat(79)])('accepts the key prefix "%s"', async (prefix) => {
    const args = ['run', '--cache', 'redis', '--redis-url', redis.url, '--key-prefix', prefix]
    expect(await cacheBench([...args, ...QUICK, '--iterations', '1'])).toMatchObject({
      exitCode: 0,
    })
  })

  test('deletes all of its keys', async () => {
    await cacheBench(['run', '--cache', 'redis', '--redis-url', redis.url, ...QUICK])
    expect(await entries()).toBe('*0')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'deletes its keys after %s',
    async (signal, code) => {
      const args = ['run', '--cache', 'redis', '--redis-url', redis.url, '--no-l1']
      const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
      const own = ['--key-prefix', `${signal}:`, '--iterations', '20000']
      const { child, outcome } = startProgram(cli, [...args, ...own])
      while ((await entries(`${signal}:`)) === '*0') await sleep(20)
      child.kill(signal)
      expect(await outcome).toEqual({ code, out: '', err: '' })
      expect(await entries(`${signal}:`)).toBe('*0')
    },
    90_000,
  )

  test('reports an invalid REDIS_URL and a wrong password without the password', async () => {
    const args = ['run', '--cache', 'redis']
    const bad = await cacheBench(args, PACKAGE, { REDIS_URL: 'http://user:s3cret@host' })
    expect(bad).toMatchObject({ exitCode: 1, stdout: '' })
    expect(bad.stderr).toMatch(/^error: REDIS_URL must be redis:.*; received another text\n$/)
    await using locked = await startRedis('--requirepass', 'right')
    const url = locked.url.replace('//', '//default:s3cret@')
    const wrong = await cacheBench([...args, '--redis-url', url], PACKAGE, { REDIS_URL: '' })
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' })
    expect(wrong.stderr).toMatch(
      /rejects the login because the user or the password is wrong \(WRONGPASS\)/,
    )
    expect(`${bad.stderr}${wrong.stderr}`).not.toContain('s3cret')
  })

  test('reports a server that refuses connections without the URL', async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort()}`
    const outcome = await cacheBench(['run', '--cache', 'redis', '--redis-url', url])
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' })
    expect(outcome.stderr).toMatch(
      /^error: Redis at 127\.0\.0\.1:\d+ refuses connections .*\(ECONNREFUSED\).*\n$/,
    )
  })
})

describe('a command with wrong arguments exits with code 2 and prints one line', () => {
  test.each([
    [['run'], 'one of --cache memory, --cache redis and --module <path> must be given'],
    [['run', '--cache', 's3cret'], '--cache must be one of memory, redis; received another text'],
    [
      ['run', '--cache', 'memory', '--iterations', '0'],
      '--iterations must be an integer from 1 to',
    ],
    [['run', '--cache', 'memory', '--seed', '1.5'], '--seed must be an integer from 1 to'],
    [['run', '--cache', 'memory', '--budget', '5'], '--budget must be an integer from 20 to'],
    [['run', '--cache', 'memory', '--module', 'x'], '--module must not be given with --cache'],
    [
      ['run', '--cache', 'memory', '--no-l1'],
      '--no-l1 must be given with --cache redis; received --cache memory',
    ],
    [
      ['run', '--cache', 'memory', '--redis-url', 'redis://u:s3cret@h', '--key-prefix', 's3cret'],
      '--redis-url and --key-prefix must be given with --cache redis; received --cache memory',
    ],
    [
      ['run', '--module', 'x', '--redis-url', 'redis://u:s3cret@h'],
      '--redis-url must be given with --cache redis; received --module',
    ],
    [
      ['run', '--cache', 'redis', '--redis-url', 'http://u:s3cret@h'],
      '--redis-url must be redis://',
    ],
    [['run', '--module', ''], '--module must be a path; received a blank text'],
    [['run', '--module', ' '], '--module must be a path; received a blank text'],
    [['run', '--cache', ''], '--cache must be one of memory, redis; received another text'],
    [['run', '--cache', 'redis', '--redis-url', ''], '--redis-url must be redis://'],
    [['run', '--cache', 'memory', '--iterations', ''], '--iterations must be an integer from 1 to'],
    [
      ['run', '--cache', 'memory', '--warmup-iterations', ' '],
      '--warmup-iterations must be an integer from 0 to',
    ],
    [['run', '--cache', 'memory', '--seed', ''], '--seed must be an integer from 1 to'],
    [
      ['run', '--cache', 'memory', '--key-prefix', ''],
      '--key-prefix must be given with --cache redis; received --cache memory',
    ],
    [
      ['run', '--cache', 'redis', '--key-prefix', 's3cret'.repeat(14)],
      '--key-prefix must be a text of at most 79 characters; received 84 characters',
    ],
    [
      ['run', '--itertions=s3cret'],
      '--itertions is not an option of cache-bench run. Did you mean --iterations?',
    ],
    [['rum'], 'rum is not a command of cache-bench. Did you mean run?'],
  ])('rejects %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await cacheBench(args)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^error: .*\n$/)
    expect(stderr).not.toContain('s3cret')
  })
})

test.each([[['--help']], [['run', '--help']]])('the help of %j contains examples', async (args) => {
  const { exitCode, stdout } = await cacheBench(args)
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/\nExamples:\n {2}cache-bench run/)])
})

test('a run prints no error when the reader closes the pipe', async () => {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
  const args = ['run', '--cache', 'memory', '--warmup-iterations', '0', ...QUICK]
  expect(await runPiped(cli, args, 'true')).toMatchObject({ code: 0, err: '' })
})

describe('run --module', () => {
  test('measures the cache that a module creates', async () => {
    const code = `${MAP_CACHE}\nexport default async () => new MapCache()`
    const file = await writeModule('map-cache.mjs', code)
    const { exitCode, stdout } = await cacheBench(['run', '--module', file, ...QUICK])
    expect(stdout).toContain('map-cache.mjs')
    expect(exitCode).toBe(0)
  })

  test.each([
    [
      'a cache that returns a wrong value',
      `${MAP_CACHE}\nMapCache.prototype.get = async () => 42\nexport default () => new MapCache()`,
      'get returned another value directly after set of test_key_0',
    ],
    [
      'a module that throws an error from another realm',
      "import { runInNewContext } from 'node:vm'\nthrow runInNewContext(\"new Error('no port')\")",
      'cannot be loaded: no port',
    ],
    [
      'a module without a default export',
      'export const cache = 1',
      'must have a function as its default export',
    ],
    [
      'a module that returns no cache',
      'export default () => ({ get() {} })',
      'must return a cache',
    ],
    [
      'a module that throws an error',
      "throw new Error('no redis://user:secret@host')",
      'cannot be loaded: no <url>',
    ],
  ])('reports %s as an error', async (defect, code, message) => {
    const file = await writeModule(`${defect.replaceAll(' ', '-')}.mjs`, code)
    const { exitCode, stdout, stderr } = await cacheBench(['run', '--module', file])
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(exitCode).toBe(1)
  })
})

describe('a cache that is not installed', () => {
  test.each(['memory', 'redis'])(
    'is reported with the command that installs it: %s',
    async (name) => {
      const { exitCode, stderr } = await cacheBench(['run', '--cache', name], folder)
      const missing = `@verbatim/cache-${name}`
      expect(stderr).toBe(`error: ${missing} is not installed here; run: npm install ${missing}\n`)
      expect(exitCode).toBe(1)
    },
  )
})
