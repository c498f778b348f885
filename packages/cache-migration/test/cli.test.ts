import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { freePort, runPiped, startProgram, startRedis } from '@verbatim/test-support'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../src/index.js'
import { newFile } from './backup-folder.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

const redis = await startRedis()
const cache = new GenericRedisCache({
  redisUrl: redis.url,
  keyPrefix: 'cli:',
  commandTimeout: 10_000,
})
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
  test('copy a cache to another key prefix', async () => {
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
    expect(restored.stdout).toContain('restored 3 keys; 0 already existed')
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
    const replaced = await migrate([
      'restore',
      ...OTHER_PREFIX,
      '--file',
      file,
      '--conflict',
      'replace',
      '--yes',
    ])
    expect(replaced.stdout).toContain('restored 3 keys')
  })

  test('accept a pattern and print JSON in snake case', async () => {
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

  test('accept the URL as an option', async () => {
    const args = ['backup', '--redis-url', redis.url, ...PREFIX, '--file', newFile()]
    expect(await migrate(args, {})).toMatchObject({ code: 0 })
  })
})

describe('a failed command exits with code 1 and prints the reason', () => {
  test('rejects an existing file without --overwrite', async () => {
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

  test('rejects an invalid file', async () => {
    const file = newFile()
    await migrate(['backup', ...PREFIX, '--file', file])
    await writeFile(file, (await readFile(file)).subarray(0, -10))
    for (const args of [
      ['inspect', file],
      ['restore', ...PREFIX, '--file', file],
    ]) {
      const { code, stderr } = await migrate(args)
      expect(code).toBe(1)
      expect(stderr).toContain('the file is truncated')
    }
    const { code, stdout } = await migrate(['inspect', file, '--json'])
    expect([code, JSON.parse(stdout).success]).toEqual([1, false])
  })

  test('reports a Redis that refuses connections', async () => {
    const url = `redis://somebody:hunter2@127.0.0.1:${await freePort()}`
    const outcome = await migrate(['backup', ...PREFIX, '--file', newFile()], { REDIS_URL: url })
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: Redis at 127\.0\.0\.1:\d+ refuses connections .*\(ECONNREFUSED\).*\n$/,
      ),
    })
  })

  test('reports a wrong password and an invalid REDIS_URL without the password', async () => {
    await using locked = await startRedis('--requirepass', 'right')
    const url = locked.url.replace('//', '//default:hunter2@')
    const args = ['backup', ...PREFIX, '--file', newFile()]
    const wrong = await migrate(args, { REDIS_URL: url })
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: Redis at 127\S+ rejects the login .* \(WRONGPASS\): check both/,
      ),
    ])
    const bad = await migrate(args, { REDIS_URL: 'http://somebody:hunter2@host' })
    expect([bad.code, bad.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: REDIS_URL must be redis:.*; received another text\n$/),
    ])
    expect(`${wrong.stderr}${bad.stderr}`).not.toContain('hunter2')
  })

  test('reports a folder that does not exist', async () => {
    const outcome = await migrate(['backup', ...PREFIX, '--file', '/absent/folder/cache.backup'])
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/^Backup failed; no file was written: ENOENT[^\n]*\n$/)
  })
})

describe('a command with wrong arguments exits with code 2 and prints one line', () => {
  const URL_FLAG = '--redis-url'
  test.each([
    [['backup'], '--file must be given'],
    [['copy'], '--target-url must be given, or the variable TARGET_REDIS_URL'],
    [['copy', '--target-url', 'http://a:hunter2@h'], '--target-url must be redis:'],
    [['diff'], '--target-url must be given'],
    [['rollback'], 'journal must be given'],
    [['backup', '--file', 'x', '--rate', '0'], '--rate must be a number of keys per second'],
    [['restore', '--file', 'x', '--conflict', 'merge'], '--conflict must be'],
    [['backup', ...PREFIX, '--file', 'x', '--resume'], '--resume must be given only with'],
    [
      ['backup', ...PREFIX, '--file', 'x', URL_FLAG, 'http://a:hunter2@h'],
      '--redis-url must be redis:',
    ],
    [['backup', ...PREFIX, '--file', 'x', URL_FLAG, ''], 'received an empty text'],
    [
      ['backup', ...PREFIX, '--file', 'x', '--redis-ulr=redis://a:hunter2@h'],
      '--redis-ulr is not an option of cache-migrate backup. Did you mean --redis-url?',
    ],
    [['inspect'], 'file must be given'],
    [['teleport'], 'teleport is not a command of cache-migrate.'],
    [['bakup'], 'bakup is not a command of cache-migrate. Did you mean backup?'],
    [['inspect', 'a', 'b'], 'too many arguments'],
  ])('rejects %j', async (args, message) => {
    const { code, stdout, stderr } = await migrate(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: [^\n]*\n$/)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('hunter2')
  })
})

test.each([
  [[]],
  [['backup']],
  [['restore']],
  [['copy']],
  [['diff']],
  [['rollback']],
  [['inspect']],
  [['verify']],
])('the help of %j contains examples and the default server', async (args) => {
  const { code, stdout } = await migrate([...args, '--help'])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/\nExamples:\n {2}cache-migrate /)])
})

test('--version prints the version', async () => {
  expect(await migrate(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

describe('the path - means the standard streams', () => {
  test('copies a backup to standard output and restores it from standard input', async () => {
    const file = newFile()
    const env = { REDIS_URL: redis.url }
    const piped = await runPiped(SOURCE, ['backup', ...PREFIX, '--file', '-'], `tee ${file}`, {
      env,
    })
    expect(piped).toMatchObject({ code: 0, err: expect.stringMatching(/^backed up 3 keys/) })
    expect(await migrate(['inspect', file])).toMatchObject({ code: 0 })
    const shell = (args: readonly string[]): Promise<Outcome> => migrate(args, env, file)
    expect((await shell(['inspect', '-'])).stdout).toContain('3 keys')
    const restored = await shell(['restore', '--key-prefix', 'streams:', '--file', '-', '--json'])
    expect(JSON.parse(restored.stdout)).toMatchObject({ backup_file: '-', keys_restored: 3 })
  }, 120_000)

  test('a failed backup writes nothing to standard output', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`
    const outcome = await migrate(['backup', ...PREFIX, '--file', '-'], { REDIS_URL: url })
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
  })

  test('a backup exits with code 0 and removes its temporary file when the reader closes the pipe', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cache-migrate-test-'))
    const env = { REDIS_URL: redis.url, TMPDIR: folder }
    const piped = await runPiped(SOURCE, ['backup', ...PREFIX, '--file', '-'], 'true', { env })
    expect([piped.code, piped.err]).toEqual([0, ''])
    expect(await readdir(folder).then((names) => names.filter((name) => name !== 'tsx-0'))).toEqual(
      [],
    )
    await rm(folder, { recursive: true })
  })
})

describe('an interrupted command', () => {
  const many = (prefix: string): GenericRedisCache =>
    new GenericRedisCache({ redisUrl: redis.url, keyPrefix: prefix, commandTimeout: 10_000 })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'leaves no partial backup after %s',
    async (signal, code) => {
      await using source = many('many:')
      for (let from = 0; from < 60_000; from += 10_000) {
        const numbers = Array.from({ length: 10_000 }, (_, index) => from + index)
        await source.setMany(numbers.map((number) => [`key:${number}`, 'x'.repeat(200)]))
      }
      const folder = await mkdtemp(path.join(tmpdir(), 'cache-migrate-test-'))
      const file = path.join(folder, 'cache.backup')
      const args = ['backup', '--key-prefix', 'many:', '--file', file]
      const { child, outcome } = startProgram(SOURCE, args, { env: { REDIS_URL: redis.url } })
      while ((await readdir(folder)).length === 0) await sleep(2)
      child.kill(signal)
      expect(await outcome).toEqual({
        code,
        out: '',
        err: 'Backup failed; no file was written: interrupted\n',
      })
      expect(await readdir(folder)).toEqual([])
      await rm(folder, { recursive: true })
    },
    60_000,
  )

  test('stops a restore between two entries and reports the number of restored keys', async () => {
    const manager = new CacheMigrationManager({ chunkSize: 1 })
    const file = newFile()
    await manager.createBackup(cache, file)
    const controller = new AbortController()
    await using target = many('interrupted:')
    const interrupting = {
      set: (key: string, value: unknown) => target.set(key, value),
      add: async (key: string, value: unknown) => {
        controller.abort()
        return target.add(key, value)
      },
    }
    const { signal } = controller
    const result = await manager.restoreBackup(file, interrupting as never, { signal })
    expect(result).toMatchObject({
      success: false,
      keysRestored: 1,
      errors: ['Restore failed after 1 keys: interrupted'],
    })
    const aborted = await manager.createBackup(cache, newFile(), { signal })
    expect(aborted).toMatchObject({
      success: false,
      errors: ['Backup failed; no file was written: interrupted'],
    })
  })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function migrate(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = { REDIS_URL: redis.url },
  input?: string,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...environment } }
    const child = execFile(
      process.execPath,
      [PROGRAM, ...args],
      options,
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    if (child.stdin !== null && input !== undefined) createReadStream(input).pipe(child.stdin)
  })
}
