import { GenericRedisCache } from '@verbatim/cache-redis'
import { writeCommandsDuring } from '@verbatim/test-support'
import type { Redis } from 'ioredis'
import { beforeEach, describe, expect, test } from 'vitest'
import { RedisKeyspace } from '../../src/index.js'
import { newFile } from '../backup-folder.js'
import { plantSampleKeys, SAMPLE_NAMES, stateOf } from './sample-keys.js'
import { startTwoServers } from './two-servers.js'

const { source, target, raw, rawTarget, from, to, manager } = await startTwoServers()

beforeEach(async () => {
  await raw.flushall()
  await rawTarget.flushall()
  await plantSampleKeys(raw)
})

describe('keys of every type', () => {
  test('are the same after a backup and a restore', async () => {
    const before = await stateOf(raw)
    const file = newFile()
    expect(await manager.createBackup(from, file)).toMatchObject({
      errors: [],
      success: true,
      keysBackedUp: SAMPLE_NAMES.length,
    })
    expect(await manager.verifyBackup(file)).toMatchObject({
      success: true,
      keys: SAMPLE_NAMES.length,
    })
    expect(await manager.restoreBackup(file, to)).toMatchObject({
      errors: [],
      success: true,
      keysRestored: SAMPLE_NAMES.length,
    })
    await expectSame()
    expect(await stateOf(raw)).toEqual(before)
  })

  test('are the same after a backup and a restore of portable commands', async () => {
    const file = newFile()
    const backup = await manager.createBackup(from, file, { portable: true })
    expect(backup).toMatchObject({ errors: [], keysBackedUp: SAMPLE_NAMES.length })
    expect(await manager.restoreBackup(file, to)).toMatchObject({ errors: [], success: true })
    await expectSame()
    const [own, other] = await Promise.all([groupsOf(raw), groupsOf(rawTarget)])
    expect(other).toEqual(own)
  })

  test('are the same after a copy', async () => {
    expect(await manager.migrate(from, to)).toMatchObject({
      errors: [],
      success: true,
      keysMigrated: SAMPLE_NAMES.length,
      keysFailed: 0,
    })
    await expectSame()
  })
})

test('a comparison names each difference', async () => {
  await manager.migrate(from, to)
  await rawTarget.set('string', 'other', 'KEEPTTL')
  await rawTarget.sadd('large set', 'one more')
  await rawTarget.pexpire('binary', 60_000)
  await rawTarget.del('list')
  await rawTarget.set('only here', '1')
  const result = await manager.validateDataConsistency(from, to)
  expect(result).toMatchObject({
    success: false,
    keysMatched: SAMPLE_NAMES.length - 3,
    keysMismatched: 2,
    keysMissingTarget: ['list'],
    keysMissingSource: ['only here'],
    totalMismatches: 4,
    errors: [],
  })
  expect(result.mismatchedKeys.toSorted()).toEqual(['large set', 'string'])
  expect(Object.keys(result.ttlDeltas)).toEqual(['binary'])
})

describe('a key that the target has', () => {
  test('is kept by skip, replaced by replace, and replaced by newer if it expires earlier', async () => {
    await raw.set('earlier', 'source', 'PX', 100_000)
    await raw.set('later', 'source', 'PX', 900_000)
    await raw.set('forever', 'source')
    for (const key of ['earlier', 'later', 'forever'])
      await rawTarget.set(key, 'target', 'PX', 500_000)
    const read = (): Promise<unknown> => rawTarget.mget('earlier', 'later', 'forever')
    expect(await manager.migrate(from, to)).toMatchObject({ success: true, keysSkipped: 3 })
    expect(await read()).toEqual(['target', 'target', 'target'])
    expect(await manager.migrate(from, to, { conflict: 'newer' })).toMatchObject({ success: true })
    expect(await read()).toEqual(['target', 'source', 'target'])
    expect(await manager.migrate(from, to, { conflict: 'replace' })).toMatchObject({
      success: true,
    })
    expect(await read()).toEqual(['source', 'source', 'source'])
  })
})

describe('a dry run', () => {
  test('counts what a run would do and writes nothing', async () => {
    await rawTarget.set('string', 'target')
    const written = await writeCommandsDuring(target.url, rawTarget, async () => {
      const other = new RedisKeyspace({ redisUrl: target.url })
      expect(await manager.migrate(from, other, { dryRun: true })).toMatchObject({
        success: true,
        keysMigrated: SAMPLE_NAMES.length - 1,
        keysSkipped: 1,
      })
      await other.close()
    })
    expect(written).toEqual([])
    expect(await rawTarget.keys('*')).toEqual(['string'])
  })
})

describe('a source', () => {
  test('is read with a user that may only read', async () => {
    await raw.call(
      'ACL',
      'SETUSER',
      'reader',
      'on',
      '>pw',
      '~*',
      '+@read',
      '+ping',
      '+info',
      '+time',
    )
    const before = await stateOf(raw)
    const url = source.url.replace('//', '//reader:pw@')
    await using keyspace = new RedisKeyspace({ redisUrl: url })
    const file = newFile()
    expect(await manager.createBackup(keyspace, file)).toMatchObject({
      errors: [],
      keysBackedUp: SAMPLE_NAMES.length,
    })
    expect(await manager.restoreBackup(file, to)).toMatchObject({ success: true, errors: [] })
    await expectSame()
    await raw.call('ACL', 'SETUSER', 'reader', '+eval_ro')
    await using scripting = new RedisKeyspace({ redisUrl: url })
    expect(await manager.createBackup(scripting, newFile())).toMatchObject({ success: true })
    expect(await manager.validateDataConsistency(scripting, to)).toMatchObject({
      success: true,
      errors: [],
    })
    expect(await manager.migrate(scripting, to, { dryRun: true })).toMatchObject({ success: true })
    expect(await stateOf(raw)).toEqual(before)
  })

  test('that is the target is refused', async () => {
    await using same = new RedisKeyspace({ redisUrl: source.url })
    const before = await stateOf(raw)
    const result = await manager.migrate(from, same, { conflict: 'replace' })
    expect(result).toMatchObject({
      success: false,
      errors: ['Copy failed: the target is the source'],
    })
    expect(await stateOf(raw)).toEqual(before)
  })

  test('with a wrong password is named, without the password', async () => {
    await raw.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@read')
    const url = source.url.replace('//', '//reader:hunter2@')
    await using keyspace = new RedisKeyspace({ redisUrl: url })
    const { success, errors } = await manager.createBackup(keyspace, newFile())
    expect({ success, errors }).toEqual({
      success: false,
      errors: ['Backup failed: Redis rejected the user or the password'],
    })
  })
})

describe('a source with keys that the user may not read', () => {
  test('is backed up without them, and the result and the file name each of them', async () => {
    await raw.call('ACL', 'SETUSER', 'partial', 'on', '>pw', '~s*', '+@read', '+ping', '+info')
    const url = source.url.replace('//', '//partial:pw@')
    for (const permission of ['+eval_ro', '-eval_ro']) {
      await raw.call('ACL', 'SETUSER', 'partial', permission)
      await using keyspace = new RedisKeyspace({ redisUrl: url })
      const file = newFile()
      const readable = SAMPLE_NAMES.filter((name) => name.startsWith('s')).length
      const unreadable = SAMPLE_NAMES.length - readable
      const result = await manager.createBackup(keyspace, file)
      expect(result).toMatchObject({
        success: false,
        keysBackedUp: readable,
        keysFailed: unreadable,
      })
      expect(result.errors).toHaveLength(1 + unreadable)
      expect(result.errors.join()).toContain('key "list": ')
      await rawTarget.flushall()
      const restore = await manager.restoreBackup(file, to)
      expect(restore).toMatchObject({
        success: false,
        keysRestored: readable,
        keysFailed: unreadable,
      })
      expect(restore.errors.join()).toContain('key "list": could not be read in the source: ')
    }
  })
})

describe('a key that the user may not write', () => {
  test.each(['skip', 'replace', 'newer'] as const)(
    'is a failure and not a skipped key with %s',
    async (conflict) => {
      const rules = ['reset', 'on', '>pw', '~s*', '+@all']
      await rawTarget.call('ACL', 'SETUSER', 'limited', ...rules)
      const url = target.url.replace('//', '//limited:pw@')
      await using limited = new RedisKeyspace({ redisUrl: url })
      const permitted = SAMPLE_NAMES.filter((name) => name.startsWith('s'))
      for (const journal of [undefined, newFile()]) {
        await rawTarget.flushall()
        const run = await manager.migrate(from, limited, { conflict, journal })
        expect(run).toMatchObject({
          success: false,
          keysMigrated: permitted.length,
          keysSkipped: 0,
          keysFailed: SAMPLE_NAMES.length - permitted.length,
        })
        expect(run.errors.join()).toMatch(/key "list": \w+ The user/)
      }
      expect((await rawTarget.keys('*')).toSorted()).toEqual(permitted.toSorted())
    },
  )
})

test('an incomplete backup does not replace an earlier file', async () => {
  const file = newFile()
  await manager.createBackup(from, file)
  await raw.call(
    'ACL',
    'SETUSER',
    'partial',
    'reset',
    'on',
    '>pw',
    '~s*',
    '+@read',
    '+ping',
    '+info',
  )
  await using partial = new RedisKeyspace({ redisUrl: source.url.replace('//', '//partial:pw@') })
  const second = await manager.createBackup(partial, file, { overwrite: true })
  expect(second).toMatchObject({ success: false, keysBackedUp: 0, canResume: false })
  expect(second.errors[0]).toContain('the earlier file stays')
  expect(await manager.inspectBackup(file)).toMatchObject({ keys: SAMPLE_NAMES.length })
  expect(await manager.restoreBackup(`${file}.incomplete`, to)).toMatchObject({ success: false })
  expect(await rawTarget.dbsize()).toBeGreaterThan(0)
})

test('a pattern without a key is a warning of a copy and of a comparison', async () => {
  const warnings = ['no key matches; check the pattern and the key prefix']
  expect(await manager.migrate(from, to, { pattern: 'sting*' })).toMatchObject({ warnings })
  const comparison = await manager.validateDataConsistency(from, to, { pattern: 'sting*' })
  expect(comparison).toMatchObject({ warnings })
})

test('a key whose name is not text is named by its bytes', async () => {
  await raw.set(Buffer.from([0xff, 0x61, 0x00]), 'value')
  const { keysMissingTarget } = await manager.validateDataConsistency(from, to, {
    pattern: '[^a-z]*',
  })
  expect(keysMissingTarget).toEqual([String.raw`\xffa\x00`])
})

test('a backup, a comparison, a copy and a restore leave 600 entries and 400 other keys as they are', async () => {
  await raw.flushall()
  await using cache = new GenericRedisCache({ redisUrl: source.url, keyPrefix: 'app:' })
  await cache.setMany(Array.from({ length: 600 }, (_, index) => [`entry:${index}`, { index }]))
  await plantSampleKeys(raw, 'app:')
  for (let index = 0; index < 400 - SAMPLE_NAMES.length; index++) {
    const values = ['foreign', 'V9 of another format', 'rawj:{"a":1}', 'x'.repeat(100_000)]
    await raw.set(`app:other:${index}`, values[index % values.length] ?? '', 'PX', 9_000_000)
  }
  await cache.close()
  const before = await stateOf(raw)
  const file = newFile()
  // The cache has a record of its own about its prefix.
  expect(before.size).toBeGreaterThanOrEqual(1_000)
  expect(await manager.createBackup(from, file)).toMatchObject({ keysBackedUp: before.size })
  expect(await manager.migrate(from, to)).toMatchObject({ keysMigrated: before.size })
  expect(await manager.validateDataConsistency(from, to)).toMatchObject({
    success: true,
    keysMatched: before.size,
  })
  await rawTarget.flushall()
  expect(await manager.restoreBackup(file, to)).toMatchObject({ keysRestored: before.size })
  expect(await stateOf(raw)).toEqual(before)
}, 60_000)

describe('writers during a copy', () => {
  test('lose no value to the copy', async () => {
    await raw.flushall()
    const keys = Array.from({ length: 3_000 }, (_, index) => `key:${index}`)
    for (const key of keys) await raw.set(key, 'old', 'PX', 500_000)
    for (const conflict of ['skip', 'newer'] as const) {
      await rawTarget.flushall()
      const journal = newFile()
      const copying = manager.migrate(from, to, { conflict, journal, rate: 3_000 })
      const written = new Set<string>()
      const done = new AbortController()
      const copied = copying.finally(() => {
        done.abort()
      })
      while (!done.signal.aborted) {
        const key = keys[Math.floor(Math.random() * keys.length)] ?? ''
        written.add(key)
        await rawTarget.set(key, 'new', 'PX', 600_000)
      }
      expect(await copied).toMatchObject({ success: true, errors: [] })
      const values = await rawTarget.mget(keys)
      expect(keys.filter((key, at) => values[at] !== (written.has(key) ? 'new' : 'old'))).toEqual(
        [],
      )
      expect(written.size).toBeGreaterThan(10)
    }
  }, 60_000)
})

/** Expects that the target has the keys of the source, with TTLs that differ by at most 50 ms. */
async function expectSame(): Promise<void> {
  expect(await manager.validateDataConsistency(from, to, { ttlTolerance: 0.05 })).toMatchObject({
    errors: [],
    success: true,
    ttlDeltas: {},
    keysMatched: SAMPLE_NAMES.length,
  })
  for (const name of SAMPLE_NAMES) {
    expect([name, await rawTarget.type(name)]).toEqual([name, await raw.type(name)])
    const [own, other] = [
      await raw.call('PEXPIRETIME', name),
      await rawTarget.call('PEXPIRETIME', name),
    ]
    expect(Math.abs(Number(own) - Number(other))).toBeLessThanOrEqual(50)
  }
}

async function groupsOf(redis: Redis): Promise<unknown> {
  return [
    await redis.xinfo('GROUPS', 'stream'),
    await redis
      .xpending('stream', 'group', '-', '+', 10)
      .then((list) =>
        (list as unknown[][]).map(([id, consumer, , count]) => [id, consumer, count]),
      ),
    await redis.xrange('stream', '-', '+'),
  ]
}
