import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { freePort, startRedis } from '@verbatim/test-support'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { newFile } from './backup-folder.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

const redis = await startRedis()
const cache = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'cli:' })
afterAll(async () => {
  await cache.close()
  await redis.stop()
})

const OTHER_PREFIX = ['--key-prefix', 'other:']
const PREFIX = ['--key-prefix', 'cli:']

beforeEach(async () => {
  await cache.clear()
  await cache.setMany<unknown>([
    ['user:1', { name: 'Ada', joined: new Date(0) }],
    ['user:2', null],
    ['order:1', 0],
  ])
})

describe('backup, inspect and restore', () => {
  test('carry a cache to another prefix', async () => {
    const file = newFile()
    const backup = await migrate(['backup', ...PREFIX, '--file', file])
    expect(backup).toMatchObject({ code: 0, stderr: '' })
    expect(backup.stdout).toMatch(/^backed up 3 keys \(\d+ bytes\)\n$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const inspection = await migrate(['inspect', file])
    expect(inspection).toMatchObject({ code: 0, stderr: '' })
    expect(inspection.stdout).toContain('3 keys (0 expired)')
    expect(inspection.stdout).toContain('from "GenericRedisCache", pattern "*"')

    const restored = await migrate(['restore', ...OTHER_PREFIX, '--file', file])
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(restored.stdout).toContain('restored 3 keys; 0 were there already')
    await using other = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'other:' })
    expect(await other.get('user:1')).toEqual({ name: 'Ada', joined: new Date(0) })
    expect(await other.get('user:2')).toBeNull()

    const again = await migrate(['restore', ...OTHER_PREFIX, '--file', file, '--json'])
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({
      success: true,
      keys_restored: 0,
      keys_skipped: 3,
      success_rate: 0,
    })
    const replaced = await migrate(['restore', ...OTHER_PREFIX, '--file', file, '--overwrite'])
    expect(replaced.stdout).toContain('restored 3 keys')
  })

  test('take a pattern, and print JSON in snake case', async () => {
    const file = newFile()
    const { stdout } = await migrate([
      'backup',
      ...PREFIX,
      '--file',
      file,
      '--pattern',
      'user:*',
      '--json',
    ])
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      backup_file: file,
      keys_backed_up: 2,
      errors: [],
    })
    const inspection = await migrate(['inspect', file, '--json'])
    expect(JSON.parse(inspection.stdout)).toMatchObject({
      source_cache_type: 'GenericRedisCache',
      pattern: 'user:*',
      keys: 2,
    })
  })

  test('take the URL as an option too', async () => {
    const words = ['backup', '--redis-url', redis.url, ...PREFIX, '--file', newFile()]
    expect(await migrate(words, {})).toMatchObject({ code: 0 })
  })
})

describe('what fails ends with code 1 and says why', () => {
  test('a file that exists', async () => {
    const file = newFile()
    await writeFile(file, 'precious')
    const { code, stdout, stderr } = await migrate(['backup', ...PREFIX, '--file', file])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('the file exists')
    expect(await readFile(file, 'utf8')).toBe('precious')
    expect(await migrate(['backup', ...PREFIX, '--file', file, '--overwrite'])).toMatchObject({
      code: 0,
    })
  })

  test('a broken file', async () => {
    const file = newFile()
    await migrate(['backup', ...PREFIX, '--file', file])
    await writeFile(file, (await readFile(file)).subarray(0, -10))
    for (const words of [
      ['inspect', file],
      ['restore', ...PREFIX, '--file', file],
    ]) {
      const { code, stderr } = await migrate(words)
      expect(code).toBe(1)
      expect(stderr).toContain('the file is cut short')
    }
    const { code, stdout } = await migrate(['inspect', file, '--json'])
    expect([code, JSON.parse(stdout).success]).toEqual([1, false])
  })

  test('Redis that does not answer', async () => {
    const url = `redis://somebody:hunter2@127.0.0.1:${await freePort()}`
    const outcome = await migrate(['backup', ...PREFIX, '--file', newFile()], { REDIS_URL: url })
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'error: Redis does not answer, or does not let this user in\n',
    })
  })

  test('wrong options, without a stack trace and without the URL', async () => {
    const wrong = [
      ['backup'],
      ['backup', ...PREFIX, '--file', newFile(), '--redis-url', 'http://somebody:hunter2@host'],
      ['backup', ...PREFIX, '--file', newFile(), '--redis-ulr=redis://somebody:hunter2@host'],
      ['backup', ...PREFIX, '--file', newFile(), '--pattern', ''],
      ['restore', '--key-prefix', '', '--file', newFile()],
      ['inspect'],
      ['teleport'],
    ]
    for (const words of wrong) {
      const { code, stdout, stderr } = await migrate(words)
      expect([code, stdout], `for ${words.join(' ')}`).toEqual([1, ''])
      expect(stderr).toMatch(/^error: /)
      expect(stderr).not.toMatch(/hunter2|\n {4}at /)
    }
  })

  test('no URL at all', async () => {
    const { code, stderr } = await migrate(['backup', ...PREFIX, '--file', newFile()], {})
    expect(code).toBe(1)
    expect(stderr).toContain("required option '--redis-url <url>' not specified")
  })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function migrate(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = { REDIS_URL: redis.url },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...environment } }
    const child = execFile(
      process.execPath,
      [PROGRAM, ...words],
      options,
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
