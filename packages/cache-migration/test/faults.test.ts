import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { folder, newFile } from './backup-folder.js'
import { stateOf } from './redis/sample-keys.js'
import { startTwoServers } from './redis/two-servers.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const LIMIT = 120_000
/** By day, other tests cover most of the same faults in the library. */
const isNightly = process.env['NIGHTLY'] === '1'

const { source, target, raw, rawTarget } = await startTwoServers()
const environment = { REDIS_URL: source.url, TARGET_REDIS_URL: target.url }
const onTarget = { REDIS_URL: target.url }
const withPassword = (url: string): string => url.replace('//', '//default:hunter2@')

type States = Awaited<ReturnType<typeof stateOf>>
let sourceBefore: States
let targetBefore: States

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
  // Values that no compression makes smaller: 2 MB in all.
  for (let index = 0; index < 400; index++) await raw.set(`big:${index}`, randomBytes(5_000))
  await rawTarget.set('mine', 'before')
  await rawTarget.set('big:7', 'before')
  sourceBefore = await stateOf(raw)
  targetBefore = await stateOf(rawTarget)
})

async function expectUnchanged(): Promise<void> {
  expect(await stateOf(raw)).toEqual(sourceBefore)
  expect(await stateOf(rawTarget)).toEqual(targetBefore)
}

describe.runIf(isNightly)('a wrong password', () => {
  test.each([
    ['of a backup', ['backup', '--file', newFile()], { REDIS_URL: withPassword(source.url) }, raw],
    [
      'of a restore',
      ['restore', '--file', 'x'],
      { REDIS_URL: withPassword(target.url) },
      rawTarget,
    ],
    ['of a source', ['copy'], { ...environment, REDIS_URL: withPassword(source.url) }, raw],
    [
      'of a target',
      ['copy'],
      { ...environment, TARGET_REDIS_URL: withPassword(target.url) },
      rawTarget,
    ],
    ['of a comparison', ['diff'], { ...environment, REDIS_URL: withPassword(source.url) }, raw],
    ['of a rollback', ['rollback', 'x'], { REDIS_URL: withPassword(target.url) }, rawTarget],
  ])(
    '%s ends the command with code 1 and without the password',
    async (_name, args, env, server) => {
      await server.config('SET', 'requirepass', 'right')
      try {
        const { status, stdout, stderr } = run(args, env)
        expect([status, stdout]).toEqual([1, ''])
        expect(stderr).toContain('Redis rejected the user or the password')
        expect(stderr).not.toContain('hunter2')
        expect(existsSync(path.join(folder, 'cache-migrate.journal'))).toBe(false)
      } finally {
        await server.config('SET', 'requirepass', '')
      }
      await expectUnchanged()
    },
  )
})

describe.each(disks())('a disk that is full ($name)', ({ place, limited }) => {
  test.runIf(isNightly)(
    'ends a backup of all keys, and the backup continues on a disk with space',
    async () => {
      const file = path.join(place, 'full.backup')
      const full = run(['backup', '--file', file], environment, limited)
      expect([full.status, full.stdout]).toEqual([1, ''])
      expect(full.stderr).toMatch(/^Backup failed: (ENOSPC|EFBIG)/)
      expect(existsSync(file)).toBe(false)
      await expectUnchanged()

      // What was written can be moved to another disk and continued there.
      const moved = newFile()
      await writeFile(`${moved}.partial`, await readFile(`${file}.partial`))
      await rm(`${file}.partial`)
      expect(run(['backup', '--file', moved, '--resume'], environment).status).toBe(0)
      expect(run(['verify', moved], environment).stdout).toMatch(/^400 keys/)
    },
    LIMIT,
  )

  test(
    'ends a copy before it changes a key that is not in the journal',
    async () => {
      const journal = path.join(place, 'full.journal')
      const args = ['copy', '--yes', '--conflict', 'replace', '--journal', journal]
      const full = run(args, environment, limited)
      expect([full.status, full.stdout]).toEqual([1, ''])
      expect(full.stderr).toMatch(/^Copy failed( after \d+ keys)?: (ENOSPC|EFBIG)/)
      expect(await stateOf(raw)).toEqual(sourceBefore)
      const rollback = run(['rollback', journal], onTarget)
      expect([rollback.status, rollback.stderr]).toEqual([0, ''])
      await rm(journal)
      await expectUnchanged()
    },
    LIMIT,
  )

  test.runIf(isNightly)(
    'ends a backup of a cache and leaves no file',
    async () => {
      const restored = newFile()
      await using cache = new GenericRedisCache({ redisUrl: source.url, keyPrefix: 'cache:' })
      const numbers = Array.from({ length: 400 }, (_, index) => String(index))
      await cache.setMany(numbers.map((number) => [number, randomBytes(3_000).toString('hex')]))
      const file = path.join(place, 'cache.backup')
      const args = ['backup', '--key-prefix', 'cache:', '--file', file]
      const full = run(args, environment, limited)
      expect([full.status, full.stdout]).toEqual([1, ''])
      expect(full.stderr).toMatch(/^Backup failed; no file was written: (ENOSPC|EFBIG)/)
      expect((await readdir(place)).filter((name) => name.startsWith('cache.backup'))).toEqual([])
      const enough = run(['backup', '--key-prefix', 'cache:', '--file', restored], environment)
      expect([enough.status, enough.stderr]).toEqual([0, ''])
    },
    LIMIT,
  )
})

test.runIf(isNightly)(
  'a target that is out of memory ends a copy and a restore, and their rollback restores the target',
  async () => {
    const file = newFile()
    expect(run(['backup', '--file', file], environment).status).toBe(0)
    const used = Number(/used_memory:(\d+)/.exec(await rawTarget.info('memory'))?.[1])
    for (const [args, env] of [
      [['copy'], environment],
      [['restore', '--file', file], onTarget],
    ] as const) {
      const journal = newFile()
      await rawTarget.config('SET', 'maxmemory', used + 1_500_000)
      const { status, stdout, stderr } = run([...args, '--journal', journal], env)
      await rawTarget.config('SET', 'maxmemory', 0)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(
        /^(Copy|Restore) failed( after \d+ keys)?: the target is out of memory/,
      )
      const rollback = run(['rollback', journal], onTarget)
      expect([rollback.status, rollback.stderr]).toEqual([0, ''])
      await expectUnchanged()
    }
  },
  LIMIT,
)

test.runIf(isNightly)(
  'a file of a newer version is rejected by name, and a restore writes nothing',
  async () => {
    const file = newFile()
    expect(run(['backup', '--file', file], environment).status).toBe(0)
    const bytes = await readFile(file)
    bytes.writeUInt8(9, 8)
    await writeFile(file, bytes)
    const journal = newFile()
    for (const args of [
      ['verify', file],
      ['inspect', file],
      ['restore', '--file', file, '--journal', journal],
    ]) {
      const { status, stdout, stderr } = run(args, onTarget)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toContain('received 9; a newer release of this package wrote the file')
    }
    expect(existsSync(journal)).toBe(false)
    await expectUnchanged()
  },
)

describe.runIf(isNightly)('a path that cannot be used', () => {
  test('outside of any folder is named as an error of the file system, and nothing is written', async () => {
    const absent = path.join(folder, 'absent', 'file')
    const file = newFile()
    expect(run(['backup', '--file', file], environment).status).toBe(0)
    for (const [args, env] of [
      [['backup', '--file', absent], environment],
      [['backup', '--key-prefix', 'x:', '--file', absent], environment],
      [['restore', '--file', absent], onTarget],
      [['restore', '--file', file, '--journal', absent], onTarget],
      [['copy', '--journal', absent], environment],
      [['rollback', absent], onTarget],
      [['verify', absent], onTarget],
      [['backup', '--file', newFile(), '--keys-file', absent], environment],
    ] as const) {
      const { status, stdout, stderr } = run(args, env)
      expect([args, status, stdout]).toEqual([args, 1, ''])
      expect(stderr).toMatch(/ENOENT|its folder does not/)
    }
    await expectUnchanged()
  })

  test('because it is a folder is rejected, and the folder stays', async () => {
    const taken = newFile()
    await mkdir(taken)
    for (const [args, env] of [
      [['backup', '--file', taken, '--overwrite'], environment],
      [['restore', '--file', taken], onTarget],
      [['copy', '--journal', taken], environment],
      [['rollback', taken], onTarget],
    ] as const) {
      const { status, stdout, stderr } = run(args, env)
      expect([args, status, stdout]).toEqual([args, 1, ''])
      expect(stderr).toMatch(/\S/)
    }
    expect((await stat(taken)).isDirectory()).toBe(true)
    expect(await readdir(taken)).toEqual([])
    await expectUnchanged()
  })
})

test.runIf(isNightly)(
  'a target that is the source is refused under every name, before a journal exists',
  async () => {
    const names = [source.url, source.url.replace('127.0.0.1', 'localhost'), `${source.url}/0`]
    for (const name of names) {
      const journal = newFile()
      const args = ['copy', '--yes', '--conflict', 'replace', '--journal', journal]
      const { status, stdout, stderr } = run(args, { ...environment, TARGET_REDIS_URL: name })
      expect([status, stdout, stderr]).toEqual([1, '', 'Copy failed: the target is the source\n'])
      expect(existsSync(journal)).toBe(false)
    }
    await expectUnchanged()
  },
)

interface Disk {
  readonly name: string
  readonly place: string
  /** Whether the commands run with a limit for the size of their files. */
  readonly limited: boolean
}

/** Returns a file system of 512 KiB where the user may mount one, and always a limit for files of 512 KiB. */
function disks(): Disk[] {
  const all: Disk[] = [{ name: 'a limit for files', place: folder, limited: true }]
  if (!isNightly) return all
  const place = path.join(folder, 'small')
  mkdirSync(place)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', place])
  if (mounted.status === 0) {
    afterAll(() => void spawnSync('umount', [place]))
    all.push({ name: 'a file system of 512 KiB', place, limited: false })
  }
  return all
}

/** Runs the command in the folder of the test. */
function run(args: readonly string[], env: Readonly<Record<string, string>>, limited = false) {
  const limit = limited ? 'ulimit -f 512; ' : ''
  return spawnSync(
    'bash',
    ['--norc', '-c', `${limit}exec "$@"`, 'bash', process.execPath, PROGRAM, ...args],
    {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
    },
  )
}
