import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { ChunkWriter } from '../../src/file/chunk-writer.js'
import { ABSENT, type BinaryRecord, DUMP, encodeAll } from '../../src/file/records.js'
import { Journal } from '../../src/redis/journal.js'
import { newFile } from '../backup-folder.js'
import { startTwoServers } from './two-servers.js'

const { raw, rawTarget, from, to, manager } = await startTwoServers()

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
})

/** Returns the record of a key with a value of a server. */
async function recordOf(key: string, value: string, expiresAt: number | null = null) {
  await raw.set('scratch', value)
  const dump = await raw.dumpBuffer('scratch')
  await raw.del('scratch')
  return { kind: DUMP, expiresAt, key: Buffer.from(key), value: dump } satisfies BinaryRecord
}

/** Writes a backup of all keys with these records, each in a chunk of its own. */
async function backupOf(...records: readonly BinaryRecord[]): Promise<string> {
  const file = newFile()
  const handle = await open(file, 'wx')
  const header = { createdAt: '', pattern: '*', sourceCacheType: 'RedisKeyspace', mode: 'raw' }
  const writer = await ChunkWriter.start(
    handle,
    { ...header, mode: 'raw' },
    {
      compression: 'gzip',
      keys: undefined,
    },
  )
  for (const record of records) await writer.append(encodeAll([record]), 1)
  await writer.finish()
  await handle.close()
  return file
}

describe('a key that Redis has listed twice', () => {
  test.each(['skip', 'replace'] as const)(
    'is removed by the rollback of a restore with %s',
    async (conflict) => {
      const file = await backupOf(
        await recordOf('twice', 'first'),
        await recordOf('once', 'value'),
        await recordOf('twice', 'second'),
      )
      const journal = newFile()
      expect(await manager.restoreBackup(file, to, { conflict, journal })).toMatchObject({
        errors: [],
      })
      expect(await rawTarget.get('twice')).toBe(conflict === 'skip' ? 'first' : 'second')
      expect(await manager.rollback(journal, to)).toMatchObject({ errors: [] })
      expect(await rawTarget.keys('*')).toEqual([])
    },
  )
})

describe('a run that was killed before its last write', () => {
  test('does not undo what another client has written since', async () => {
    await Promise.all([from.connect(), to.connect()])
    await raw.set('key', 'from the source')
    const step = await recordOf('key', 'from the source')
    const journal = newFile()
    const killed = await Journal.create(
      { path: journal, keys: undefined },
      {
        operation: 'copy',
        source: '*',
        conflict: 'replace',
        sourceData: (await from.identities()).data,
        target: await to.identities(),
      },
      Date.now(),
    )
    const epoch = await from.scanEpochOf(from.masterOf(0))
    await killed.append({
      records: encodeAll([step]),
      before: encodeAll([{ ...step, kind: ABSENT, value: Buffer.alloc(0) }]),
      position: { at: { node: '', cursor: 'end', epoch }, isRetry: false },
    })
    await killed.close()
    await rawTarget.set('key', 'from another client')
    const resumed = await manager.migrate(from, to, { journal, conflict: 'replace', resume: true })
    expect(resumed).toMatchObject({ errors: [], keysMigrated: 1 })
    expect(await rawTarget.get('key')).toBe('from the source')
    expect(await manager.rollback(journal, to)).toMatchObject({ errors: [], keysRestored: 1 })
    expect(await rawTarget.get('key')).toBe('from another client')
  })
})

describe('a rollback after the TTL of a key has ended', () => {
  test('restores the key that the run had replaced', async () => {
    await raw.set('replaced', 'short', 'PX', 300)
    await raw.set('new', 'short', 'PX', 300)
    await rawTarget.set('replaced', 'mine')
    const journal = newFile()
    expect(await manager.migrate(from, to, { journal, conflict: 'replace' })).toMatchObject({
      keysMigrated: 2,
    })
    while ((await rawTarget.exists('replaced', 'new')) > 0) await sleep(20)
    expect(await manager.rollback(journal, to)).toMatchObject({
      errors: [],
      keysRestored: 1,
      keysUnchanged: 1,
    })
    expect(await rawTarget.get('replaced')).toBe('mine')
  })

  test('leaves a key alone that the run had skipped and another client has deleted', async () => {
    await raw.set('key', 'short', 'PX', 300)
    await rawTarget.set('key', 'mine')
    const journal = newFile()
    expect(await manager.migrate(from, to, { journal })).toMatchObject({ keysSkipped: 1 })
    await rawTarget.del('key')
    while ((await raw.exists('key')) > 0) await sleep(20)
    expect(await manager.rollback(journal, to)).toMatchObject({ keysChangedByOthers: 1 })
    expect(await rawTarget.exists('key')).toBe(0)
  })
})

test('a rollback recognizes a key that has the same contents in another order', async () => {
  const members = Array.from({ length: 3_000 }, (_, at) => `member ${at}`)
  await raw.sadd('set', 'other')
  await rawTarget.sadd('set', ...members)
  const journal = newFile()
  expect(await manager.migrate(from, to, { journal })).toMatchObject({ keysSkipped: 1 })
  const before = await rawTarget.dumpBuffer('set')
  await rawTarget.del('set')
  await rawTarget.sadd('set', ...members.toReversed())
  expect(await rawTarget.dumpBuffer('set')).not.toEqual(before)
  expect(await manager.rollback(journal, to)).toMatchObject({ errors: [], keysUnchanged: 1 })
  expect(await rawTarget.scard('set')).toBe(members.length)
})

describe('a target that rejects writes', () => {
  test('ends the run at once, and says so once', async () => {
    for (let index = 0; index < 50; index++) await raw.set(`key:${index}`, 'value')
    await rawTarget.config('SET', 'min-replicas-to-write', 1)
    try {
      const run = await manager.migrate(from, to, { journal: newFile() })
      expect(run).toMatchObject({ success: false, canResume: true, keysFailed: 0 })
      expect(run.errors).toEqual([
        expect.stringMatching(/^Copy failed: the target rejects writes: NOREPLICAS/),
      ])
    } finally {
      await rawTarget.config('SET', 'min-replicas-to-write', 0)
    }
  })
})
