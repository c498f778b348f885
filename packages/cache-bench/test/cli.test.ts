import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { freePort, type RedisServer, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function cacheBench(args: readonly string[], cwd: string = PACKAGE): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, timeout: 30_000, env: { PATH: process.env['PATH'] } }
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
    const { exitCode, stdout, stderr } = await cacheBench(['run', '--cache', 'memory'])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/│ memory +│ set +│/)
    expect(stdout).toContain('100 iterations after 10 to warm up, seed 1')
    expect(exitCode).toBe(0)
  })

  test('--json prints the result', async () => {
    const options = ['--json', '--iterations', '25', '--warmup-iterations', '3', '--seed', '42']
    const { exitCode, stdout } = await cacheBench(['run', '--cache', 'memory', ...options])
    expect(JSON.parse(stdout)).toMatchObject({
      cache_name: 'memory',
      iterations: 25,
      success_rate: 1,
      metadata: { seed: 42, warmup_iterations: 3 },
    })
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
  ])('measures a real server: %s', async (cacheName, options) => {
    const args = ['run', '--cache', 'redis', '--redis-url', redis.url, '--json', ...options]
    const { exitCode, stdout, stderr } = await cacheBench(args)
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ cache_name: cacheName, success_rate: 1 })
  })

  test('leaves nothing behind', async () => {
    await cacheBench(['run', '--cache', 'redis', '--redis-url', redis.url])
    await using cache = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'cache-bench:' })
    expect(await cache.clear()).toBe(0)
  })

  test('fails without a server, and does not give the URL away', async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort()}`
    const outcome = await cacheBench(['run', '--cache', 'redis', '--redis-url', url])
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/^error: Redis at 127\.0\.0\.1:\d+ cannot be used: .*\n$/)
  })
})

describe('run --module', () => {
  test('measures the cache that a module makes', async () => {
    const code = `${MAP_CACHE}\nexport default async () => new MapCache()`
    const file = await writeModule('map-cache.mjs', code)
    const { exitCode, stdout } = await cacheBench(['run', '--module', file])
    expect(stdout).toContain('map-cache.mjs')
    expect(exitCode).toBe(0)
  })

  test.each([
    [
      'a cache that lies',
      `${MAP_CACHE}\nMapCache.prototype.get = async () => 42\nexport default () => new MapCache()`,
      'get gave back another value right after set of test_key_0',
    ],
    ['no default export', 'export const cache = 1', 'has no function as its default export'],
    ['no cache', 'export default () => ({ get() {} })', 'does not make a cache'],
    [
      'a module that fails',
      "throw new Error('no redis://user:secret@host')",
      'cannot be loaded: no <url>',
    ],
  ])('%s is an error, not a figure', async (what, code, message) => {
    const file = await writeModule(`${what.replaceAll(' ', '-')}.mjs`, code)
    const { exitCode, stdout, stderr } = await cacheBench(['run', '--module', file])
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(exitCode).toBe(1)
  })
})

describe('mistakes are told in one line', () => {
  test.each([
    [['run'], 'name a cache: --cache memory, --cache redis or --module PATH'],
    [['run', '--cache', 'disk'], 'Allowed choices are memory, redis.'],
    [['run', '--cache', 'memory', '--module', 'x.js'], 'cannot be used with'],
    [['run', '--cache', 'memory', '--iterations', 'many'], 'option iterations is NaN'],
    [['run', '--cache', 'memory', '--seed', '0'], 'option seed is 0'],
    [['run', '--redis=redis://user:secret@host'], "unknown option '--redis=<url>"],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await cacheBench(args)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toContain('secret')
    expect(exitCode).toBe(1)
  })

  test.each(['memory', 'redis'])('%s that is not installed', async (name) => {
    const { exitCode, stderr } = await cacheBench(['run', '--cache', name], folder)
    const missing = `@verbatim/cache-${name}`
    expect(stderr).toBe(`error: ${missing} is not installed here; run: npm install ${missing}\n`)
    expect(exitCode).toBe(1)
  })
})
