import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import {
  type ProgramOutcome,
  plantForeignKeys,
  runProgram,
  startRedis,
  stateOf,
  writeCommandsDuring,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { CacheMigrationManager, RedisKeyspace } from '../src/index.js'
import { newFile } from './backup-folder.js'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const redis = await startRedis()
const raw = new Redis(redis.url)
const shop = new GenericRedisCache({
  redisUrl: redis.url,
  keyPrefix: 'shop:',
  onBackendError: 'throw',
  commandTimeout: 5_000,
})
afterAll(async () => {
  await shop.close()
  raw.disconnect()
  await redis.stop()
})

const manager = new CacheMigrationManager()
let foreign: string[]
let before: object
beforeEach(async () => {
  await raw.flushall()
  await shop.set('model', { answer: 42 }, '1h')
  const line = (await raw.getdel('shop:model')) ?? ''
  foreign = await plantForeignKeys(raw, 'shop:', line, 1_000)
  await using neighbour = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'shop:users:' })
  await neighbour.setMany([
    ['1', { name: 'Ada' }],
    ['2', { name: 'Grace' }],
  ])
  // The entries of the neighbour and its records.
  foreign.push(...(await raw.keys('shop:users:*')))
  before = await stateOf(raw, foreign)
  await shop.set('page', 'home')
})

describe('in a Redis with keys of other programs', () => {
  test('a backup contains only the entries of the cache and changes nothing', async () => {
    const result = await manager.createBackup(shop, newFile(), { allowForeign: true })
    expect(result).toMatchObject({
      success: true,
      keysBackedUp: 1,
      keysSkipped: 0,
      keysFailed: 0,
      keysForeign: foreign.length,
      errors: [],
    })
    expect(result.warnings[0]).toBe(
      `${foreign.length} keys under the prefix are not entries of the cache and were left out`,
    )
    expect(result.warnings).toHaveLength(1_001)
    expect(await stateOf(raw, foreign)).toEqual(before)
    expect(await raw.exists('shop:page')).toBe(1)
  })

  test('every command of cache-migrate succeeds and leaves the other keys unchanged', async () => {
    const file = newFile()
    const prefix = ['--key-prefix', 'shop:']
    const refused = await migrate('backup', ...prefix, '--file', file)
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toMatch(/\nto leave these keys out, add --allow-foreign\n/)
    const backup = await migrate('backup', ...prefix, '--file', file, '--json', '--allow-foreign')
    expect(backup.code).toBe(0)
    expect(backup.err).toMatch(/^\d+ keys under the prefix are not entries of the cache and were/)
    expect(JSON.parse(backup.out)).toMatchObject({ success: true, keys_backed_up: 1 })
    expect((await migrate('inspect', file)).out).toContain('1 keys')
    const restores: readonly (readonly string[])[] = [[], ['--conflict', 'replace', '--yes']]
    for (const options of restores) {
      const restored = await migrate('restore', ...prefix, '--file', file, ...options)
      expect([restored.code, restored.err]).toEqual([0, ''])
    }
    expect(await stateOf(raw, foreign)).toEqual(before)
  }, 120_000)

  test('a restore without overwrite skips names of other data', async () => {
    const file = await backupOf(['list:persistent', 'hash:expiring', 'counter:persistent', 'free'])
    expect(await manager.restoreBackup(file, shop)).toMatchObject({
      success: true,
      keysRestored: 1,
      keysSkipped: 3,
      keysFailed: 0,
    })
    expect(await shop.get('free')).toBe('free')
    expect(await stateOf(raw, foreign)).toEqual(before)
  })

  test('a restore with overwrite replaces only the names in the file', async () => {
    const file = await backupOf(['list:persistent', 'counter:persistent'])
    expect(await manager.restoreBackup(file, shop, { conflict: 'replace' })).toMatchObject({
      success: true,
      keysRestored: 2,
      keysSkipped: 0,
    })
    expect(await shop.get('list:persistent')).toBe('list:persistent')
    const others = foreign.filter((name) => !/^shop:(?:list|counter):persistent$/.test(name))
    expect(await stateOf(raw, others)).toEqual(
      Object.fromEntries(Object.entries(before).filter(([name]) => others.includes(name))),
    )
  })
})

describe('of 1,000 keys under a prefix, 400 of them foreign', () => {
  /** Names under the prefix that are in a list of messages. */
  const namedIn = (messages: readonly string[]): string[] =>
    messages.flatMap((message) => {
      const [, quoted] = /^key ("(?:[^"\\]|\\.)*"): /.exec(message) ?? []
      return quoted === undefined ? [] : [`mixed:${JSON.parse(quoted) as string}`]
    })
  const mixed = (): GenericRedisCache => {
    const common = { redisUrl: redis.url, onBackendError: 'throw', commandTimeout: 10_000 } as const
    return new GenericRedisCache({ ...common, keyPrefix: 'mixed:', readOnly: true })
  }
  let own: string[]
  let others: string[]
  let planted: object
  beforeEach(async () => {
    await using writer = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'mixed:' })
    own = Array.from({ length: 600 }, (_, index) => `mixed:own:${index}`)
    await writer.setMany(own.map((name) => [name.slice('mixed:'.length), name]))
    const line = (await raw.get(own[0] ?? '')) ?? ''
    const names = await plantForeignKeys(raw, 'mixed:', line, 396)
    others = names.slice(0, 396)
    await raw.del(...names.slice(396))
    await using neighbour = new GenericRedisCache({ redisUrl: redis.url, keyPrefix: 'mixed:of:' })
    await neighbour.set('a neighbour', 1)
    // The entry of the neighbour and its records.
    others.push(...(await raw.keys('mixed:of:*')), 'mixed:name \uFFFD')
    await raw.set(Buffer.from('mixed:name \u00FF', 'latin1'), 'not UTF-8')
    planted = await stateOf(raw, [...own, ...others])
  })

  test('a backup that leaves foreign keys out names each of them, and one that must not writes no file', async () => {
    await using source = mixed()
    const file = newFile()
    const refused = await manager.createBackup(source, file)
    expect(refused).toMatchObject({
      success: false,
      keysBackedUp: 0,
      keysFailed: 0,
      keysForeign: 400,
      warnings: [],
    })
    expect(refused.errors[0]).toBe(
      'Backup failed; no file was written: 400 keys under the prefix are not entries of the cache; allow foreign keys to leave them out, or use all keys of Redis',
    )
    expect(namedIn(refused.errors).toSorted()).toEqual(others.toSorted())
    expect(await manager.inspectBackup(file)).toMatchObject({ success: false })

    const result = await manager.createBackup(source, file, { allowForeign: true })
    expect(result).toMatchObject({ success: true, keysBackedUp: 600, keysForeign: 400, errors: [] })
    expect(namedIn(result.warnings).toSorted()).toEqual(others.toSorted())
    expect(await stateOf(raw, [...own, ...others])).toEqual(planted)
  })

  test('a migration, a comparison and a backup of all keys lose none of them silently', async () => {
    await using source = mixed()
    const target = new InMemoryCache()
    const migration = await manager.migrate(source, target)
    expect(migration).toMatchObject({ success: false, keysMigrated: 600, keysForeign: 400 })
    expect(namedIn(migration.errors).toSorted()).toEqual(others.toSorted())
    const allowed = await manager.migrate(source, target, { allowForeign: true })
    expect(allowed).toMatchObject({ success: true, keysSkipped: 600, keysForeign: 400, errors: [] })
    expect(namedIn(allowed.warnings).toSorted()).toEqual(others.toSorted())

    const difference = await manager.validateDataConsistency(source, target)
    expect(difference).toMatchObject({ success: false, keysMatched: 600 })
    expect(namedIn(difference.errors).toSorted()).toEqual(others.toSorted())
    const same = await manager.validateDataConsistency(source, target, { allowForeign: true })
    expect(same).toMatchObject({ success: true, keysMatched: 600, totalMismatches: 0 })
    expect(namedIn(same.warnings).toSorted()).toEqual(others.toSorted())

    await using all = new RedisKeyspace({ redisUrl: redis.url })
    const pattern = 'mixed:[on]*'
    const count = (await raw.keys(pattern)).length
    const backup = await manager.createBackup(all, newFile(), { pattern })
    expect(backup).toMatchObject({ success: true, keysBackedUp: count, keysForeign: 0 })
    expect(await stateOf(raw, [...own, ...others])).toEqual(planted)
  })
})

describe('cache-migrate backup', () => {
  test('sends no command that writes', async () => {
    const backup = (): Promise<unknown> =>
      migrate('backup', '--key-prefix', 'shop:', '--file', newFile(), '--allow-foreign')
    expect(await writeCommandsDuring(redis.url, raw, backup)).toEqual([])
  })

  test('fails for a mistyped key prefix and changes nothing', async () => {
    // The open cache updates its own records from time to time, so they are left out.
    const entryNames = async (): Promise<string[]> =>
      (await raw.keys('*')).filter((name) => !name.includes('\0')).toSorted()
    const all = await entryNames()
    const untouched = await stateOf(raw, all)
    for (const prefix of ['shp:', 'sho', 'shop:user', 'shop:u']) {
      const task = async (): Promise<void> => {
        const { code, out, err } = await migrate(
          'backup',
          '--key-prefix',
          prefix,
          '--file',
          newFile(),
        )
        expect(code).toBe(1)
        expect(out).toBe('')
        expect(err).toMatch(/no key matches; check the pattern and the key prefix/)
      }
      expect(await writeCommandsDuring(redis.url, raw, task)).toEqual([])
    }
    expect(await entryNames()).toEqual(all)
    expect(await stateOf(raw, all)).toEqual(untouched)
  }, 120_000)

  test('fails for a damaged value, names its key and leaves the value unchanged', async () => {
    const line = (await raw.get('shop:page')) ?? ''
    await raw.set('shop:page', `${line.slice(0, -3)}x${line.slice(-2)}`)
    const damaged = await stateOf(raw, ['shop:page'])
    let outcome: ProgramOutcome | undefined
    const written = await writeCommandsDuring(redis.url, raw, async () => {
      outcome = await migrate('backup', '--key-prefix', 'shop:', '--file', newFile())
    })
    expect(outcome).toMatchObject({ code: 1, out: '' })
    expect(outcome?.err).toContain('key "page": ')
    expect(written).toEqual([])
    expect(await stateOf(raw, ['shop:page', ...foreign])).toEqual({ ...damaged, ...before })
  })

  test('backs up a value that is larger than the limit of other caches', async () => {
    await using large = new GenericRedisCache({
      redisUrl: redis.url,
      keyPrefix: 'large:',
      maxValueBytes: 2 ** 26,
      commandTimeout: 30_000,
      onBackendError: 'throw',
    })
    const text = 'abcdefghij'.repeat(1_200_000)
    await large.set('text', text)
    const file = newFile()
    expect(await migrate('backup', '--key-prefix', 'large:', '--file', file)).toMatchObject({
      code: 0,
      err: '',
    })
    await large.delete('text')
    expect(await migrate('restore', '--key-prefix', 'large:', '--file', file)).toMatchObject({
      code: 0,
      err: '',
    })
    expect((await large.get<string>('text')) === text).toBe(true)
  })
})

test('a backup fails for a value above maxValueBytes, names its key and leaves it unchanged', async () => {
  await shop.set('large', randomBytes(500_000).toString('hex'))
  await using small = new GenericRedisCache({
    redisUrl: redis.url,
    keyPrefix: 'shop:',
    maxValueBytes: 10_000,
    onBackendError: 'throw',
  })
  const result = await manager.createBackup(small, newFile())
  expect(result).toMatchObject({ success: false, keysFailed: 1 })
  expect(result.errors[1]).toMatch(/^key "large": /)
  expect(await shop.exists('large')).toBe(true)
})

test('a manager with a chunk size of 10,000 restores 20,000 keys', async () => {
  const chunked = new CacheMigrationManager({ chunkSize: 10_000 })
  const keys = Array.from({ length: 20_000 }, (_, index) => `key:${index}`)
  const file = await backupOf(keys)
  for (const conflict of ['skip', 'replace'] as const) {
    expect(await chunked.restoreBackup(file, shop, { conflict })).toMatchObject({
      success: true,
      keysRestored: 20_000,
      keysFailed: 0,
      errors: [],
    })
    expect((await shop.getMany(keys)).size).toBe(20_000)
    expect(await chunked.createBackup(shop, newFile(), { allowForeign: true })).toMatchObject({
      success: true,
      keysBackedUp: 20_001,
    })
    if (conflict === 'skip') await shop.invalidatePattern('key:*')
  }
  expect(await stateOf(raw, foreign)).toEqual(before)
}, 180_000)

/** Creates a backup in which the value of each entry is its key. */
async function backupOf(keys: readonly string[]): Promise<string> {
  await using source = new InMemoryCache({ maxSize: 50_000 })
  await source.setMany(keys.map((key) => [key, key]))
  const file = newFile()
  expect(await manager.createBackup(source, file)).toMatchObject({ keysBackedUp: keys.length })
  return file
}

function migrate(...args: string[]): Promise<ProgramOutcome> {
  return runProgram(CLI, args, { env: { REDIS_URL: redis.url } })
}
