import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { type MigrateOptions, RedisKeyspace } from '../../src/index.js'
import { newFile } from '../backup-folder.js'
import { startTwoServers } from './two-servers.js'

const { source, target, raw, rawTarget, from, to, manager } = await startTwoServers()

/** Keys of four pages. Each page is written in one step. */
const KEYS = 4_000

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
  // Redis compresses other values in its dumps.
  const pairs = Array.from({ length: KEYS }, (_, at) => [`key:${at}`, randomBytes(300)])
  await raw.mset(...pairs.flat())
})

/** Returns options of a run that is interrupted after some of its steps. */
function interrupted(journal: string): MigrateOptions & { readonly journal: string } {
  const stop = new AbortController()
  const onProgress = ({ keys }: { readonly keys: number }): void => {
    if (keys >= KEYS / 2) stop.abort()
  }
  return { journal, signal: stop.signal, onProgress, rate: 'unlimited' }
}

describe('a resumed copy', () => {
  test('writes the rest of the keys, and its rollback removes all', async () => {
    const journal = newFile()
    expect(await manager.migrate(from, to, interrupted(journal))).toMatchObject({
      success: false,
      canResume: true,
    })
    expect(await rawTarget.dbsize()).toBeLessThan(KEYS)
    expect(await manager.migrate(from, to, { journal, resume: true })).toMatchObject({
      errors: [],
      canResume: false,
    })
    expect(await manager.validateDataConsistency(from, to, { rate: 'unlimited' })).toMatchObject({
      success: true,
      keysMatched: KEYS,
    })
    expect(await manager.rollback(journal, to)).toMatchObject({ errors: [], keysRestored: KEYS })
    expect(await rawTarget.dbsize()).toBe(0)
  })

  test('reports the keys that had failed before the interruption', async () => {
    await rawTarget.call('ACL', 'SETUSER', 'writer', 'reset', 'on', '>pw', '~key:1', '+@all')
    await using limited = new RedisKeyspace({
      redisUrl: target.url.replace('//', '//writer:pw@'),
    })
    const journal = newFile()
    await manager.migrate(from, limited, interrupted(journal))
    const resumed = await manager.migrate(from, to, { journal, resume: true })
    const missing = KEYS - (await rawTarget.dbsize())
    expect(missing).toBeGreaterThan(0)
    expect(resumed).toMatchObject({ success: false, keysFailed: missing, canResume: false })
    expect(resumed.errors[1]).toMatch(/^key "key:\d+": \w+ The user/)
    // Also after its end.
    expect(await manager.migrate(from, to, { journal, resume: true })).toMatchObject({
      success: false,
      keysFailed: missing,
    })
  })

  test('is refused with another source, pattern or conflict policy', async () => {
    const journal = newFile()
    await manager.migrate(from, to, interrupted(journal))
    const before = await rawTarget.dbsize()
    await using other = new RedisKeyspace({ redisUrl: `${source.url}/2` })
    for (const [keyspace, options, part] of [
      [other, {}, 'source, or its source has been restarted'],
      [from, { pattern: 'key:1*' }, 'pattern'],
      [from, { conflict: 'replace' }, 'conflict policy'],
    ] as const) {
      const run = await manager.migrate(keyspace, to, { ...options, journal, resume: true })
      expect(run.errors).toEqual([`Copy failed: the journal belongs to a run with another ${part}`])
    }
    expect(await rawTarget.dbsize()).toBe(before)
    expect(await manager.migrate(from, to, { journal, resume: true })).toMatchObject({ errors: [] })
  })

  test('is refused without a journal, and in a dry run', async () => {
    const journal = newFile()
    const run = await manager.migrate(from, to, { journal, resume: true })
    expect(run.errors).toEqual([expect.stringContaining('the file does not exist')])
    const dryRun = manager.migrate(from, to, { journal, resume: true, dryRun: true })
    await expect(dryRun).rejects.toThrow('resume must be left out in a dry run')
  })
})

describe('a resumed restore', () => {
  test('is refused if another backup is at the path, and accepts a copy of the same', async () => {
    const [file, journal, moved] = [newFile(), newFile(), newFile()]
    await manager.createBackup(from, file, { rate: 'unlimited' })
    const { rate: _rate, ...options } = interrupted(journal)
    expect(await manager.restoreBackup(file, to, options)).toMatchObject({ canResume: true })
    await copyFile(file, moved)
    await rm(file)
    await raw.set('another', 'key')
    await manager.createBackup(from, file, { rate: 'unlimited' })
    const other = await manager.restoreBackup(file, to, { journal, resume: true })
    expect(other.errors).toEqual([
      'Restore failed: the journal belongs to a run with another backup',
    ])
    expect(await manager.restoreBackup(moved, to, { journal, resume: true })).toMatchObject({
      errors: [],
    })
    expect(await rawTarget.dbsize()).toBe(KEYS)
  })
})

describe('a journal with damage in its middle', () => {
  test('is not rolled back or resumed in part', async () => {
    const journal = newFile()
    expect(await manager.migrate(from, to, { journal, rate: 'unlimited' })).toMatchObject({
      errors: [],
    })
    const bytes = await readFile(journal)
    const before = await rawTarget.dbsize()
    const places = [0.3, 0.5, 0.7].map((share) => Math.floor(bytes.length * share))
    for (const place of places) {
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(place) ^ 1, place)
      await writeFile(journal, damaged)
      const rollback = await manager.rollback(journal, to)
      expect(rollback.errors).toEqual([
        expect.stringMatching(
          /^Rollback failed: invalid backup: the journal is damaged after \d+ steps/,
        ),
      ])
      const resumed = await manager.migrate(from, to, { journal, resume: true })
      expect(resumed.errors[0]).toContain('the journal is damaged')
      expect(damaged.equals(await readFile(journal))).toBe(true)
    }
    expect(await rawTarget.dbsize()).toBe(before)
  })
})

describe('a file that another run works on', () => {
  test('is refused to a second run, a resumed one and a rollback', async () => {
    const [file, journal] = [newFile(), newFile()]
    const stop = new AbortController()
    const options = { rate: 4, signal: stop.signal }
    const runs = [
      manager.createBackup(from, file, options),
      manager.migrate(from, to, { ...options, journal }),
    ]
    for (const path of [`${file}.partial`, journal]) {
      while (!existsSync(path)) await sleep(5)
    }
    const inUse = `process ${process.pid} works on the file`
    const others = [
      await manager.createBackup(from, file),
      await manager.createBackup(from, file, { resume: true }),
      await manager.migrate(from, to, { journal, resume: true }),
      await manager.rollback(journal, to),
    ]
    for (const { errors } of others) expect(errors).toEqual([expect.stringContaining(inUse)])
    stop.abort()
    for (const run of runs) expect(await run).toMatchObject({ canResume: true })
    const resumed = manager.createBackup(from, file, { resume: true, rate: 'unlimited' })
    expect(await resumed).toMatchObject({ errors: [], keysBackedUp: KEYS })
  })
})

test('a low rate delays neither an interruption nor the count of progress', async () => {
  const stop = new AbortController()
  let keys = 0
  const run = manager.createBackup(from, newFile(), {
    rate: 1.5,
    signal: stop.signal,
    onProgress(progress) {
      keys = progress.keys
      if (keys >= 2) stop.abort()
    },
  })
  expect(await run).toMatchObject({ errors: ['Backup failed: interrupted'], canResume: true })
  expect(keys).toBeLessThan(100)
})

describe('a source that restarts', () => {
  test('ends a backup and a copy, because its cursors are useless, and neither can be resumed', async () => {
    const [file, journal] = [newFile(), newFile()]
    const { journal: _none, ...options } = interrupted('')
    expect(await manager.createBackup(from, file, options)).toMatchObject({ canResume: true })
    await manager.migrate(from, to, interrupted(journal))
    await raw.save()
    await source.crash()
    await using again = new RedisKeyspace({ redisUrl: source.url })
    expect(await manager.createBackup(again, file, { resume: true })).toMatchObject({
      canResume: false,
      errors: [expect.stringMatching(/^Backup failed: the source has been restarted/)],
    })
    const copy = await manager.migrate(again, to, { journal, resume: true })
    expect(copy.errors[0]).toContain('restarted')
    await from.close()
  })
})
