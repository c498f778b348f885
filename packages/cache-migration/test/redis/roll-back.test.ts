import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
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

describe('a rollback', () => {
  test('restores what is as the run left it and names the rest', async () => {
    await rawTarget.set('string', 'before', 'PX', 500_000)
    await rawTarget.hset('hash', 'before', '1')
    await rawTarget.set('not in the source', '1')
    const before = await stateOf(rawTarget)
    const journal = newFile()
    expect(await manager.migrate(from, to, { conflict: 'replace', journal })).toMatchObject({
      errors: [],
      keysMigrated: SAMPLE_NAMES.length,
    })
    await rawTarget.rpush('list', 'written since')
    await rawTarget.del('set')
    const changed = await stateOf(rawTarget)
    expect(await manager.rollback(journal, to)).toEqual({
      success: false,
      journal,
      keysRestored: SAMPLE_NAMES.length - 2,
      keysUnchanged: 1,
      keysChangedByOthers: 1,
      keysFailed: 0,
      rollbackTime: expect.any(Number),
      errors: [
        'Rollback incomplete: others have changed 1 keys since the run',
        'key "list": changed since the run',
      ],
    })
    expect(await stateOf(rawTarget)).toEqual(new Map([...before, ['list', changed.get('list')]]))
    expect(await manager.rollback(journal, to)).toMatchObject({ keysRestored: 0, keysFailed: 0 })
  })

  test('is refused on the source of the copy, whose keys it would delete, and on another server', async () => {
    const journal = newFile()
    await manager.migrate(from, to, { journal })
    const before = await stateOf(raw)
    await using sameSource = new RedisKeyspace({ redisUrl: source.url })
    expect(await manager.rollback(journal, sameSource)).toMatchObject({
      success: false,
      keysRestored: 0,
      errors: [
        'Rollback failed: the journal belongs to a run with another target: this is its source',
      ],
    })
    await using other = new RedisKeyspace({ redisUrl: `${target.url}/3` })
    const refusal = 'failed: the journal belongs to a run with another target'
    expect((await manager.rollback(journal, other)).errors).toEqual([`Rollback ${refusal}`])
    const resumed = await manager.migrate(from, other, { journal, resume: true })
    expect(resumed.errors).toEqual([`Copy ${refusal}`])
    expect(await stateOf(raw)).toEqual(before)
  })

  test('does not overwrite a journal', async () => {
    const journal = newFile()
    await writeFile(journal, 'precious')
    const result = await manager.migrate(from, to, { journal })
    expect(result.errors).toEqual([expect.stringContaining('the journal exists')])
    expect(await rawTarget.dbsize()).toBe(0)
    expect(await readFile(journal, 'utf8')).toBe('precious')
  })
})

test('a target that is out of memory ends the run, and the rollback restores it', async () => {
  await raw.flushall()
  for (let index = 0; index < 400; index++) await raw.set(`big:${index}`, randomBytes(50_000))
  await rawTarget.set('mine', '1')
  const used = Number(/used_memory:(\d+)/.exec(await rawTarget.info('memory'))?.[1])
  await rawTarget.config('SET', 'maxmemory', used + 9_000_000)
  const journal = newFile()
  try {
    const result = await manager.migrate(from, to, { journal })
    expect(result.success).toBe(false)
    expect(result.errors[0]).toMatch(/^Copy failed( after \d+ keys)?: the target is out of memory/)
  } finally {
    await rawTarget.config('SET', 'maxmemory', 0)
  }
  expect(await manager.rollback(journal, to)).toMatchObject({ errors: [], success: true })
  expect(await rawTarget.keys('*')).toEqual(['mine'])
})
