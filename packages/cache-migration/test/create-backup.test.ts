import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type CacheInterface,
  ConfigurationError,
  ManualClock,
  ValidationError,
} from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { freePort } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../src/index.js'
import { folder, newFile } from './backup-folder.js'

const clock = new ManualClock(Date.UTC(2026, 10, 22))
const manager = new CacheMigrationManager({ clock })

test('the result contains the numbers of keys and bytes', async () => {
  const source = new InMemoryCache()
  await source.setMany(
    Array.from({ length: 50 }, (_, index) => [`key:${index}`, 'text '.repeat(99)]),
  )
  const file = newFile()
  const result = await manager.createBackup(source, file)
  const bytes = await readFile(file)
  expect(result).toEqual({
    success: true,
    backupFile: file,
    keysBackedUp: 50,
    keysSkipped: 0,
    keysFailed: 0,
    keysForeign: 0,
    totalSizeBytes: result.totalSizeBytes,
    compressedSizeBytes: bytes.length,
    compressionRatio: 1 - bytes.length / result.totalSizeBytes,
    backupTime: 0,
    canResume: false,
    errors: [],
    warnings: [],
  })
  expect(result.totalSizeBytes).toBeGreaterThan(50 * 495)
  expect(result.compressionRatio).toBeGreaterThan(0.9)
})

test('an inspection describes the contents of the file', async () => {
  const source = new InMemoryCache({ clock })
  await source.set('a', 1, 10)
  await source.set('b', 2, 20)
  const file = newFile()
  const backup = await manager.createBackup(source, file, { pattern: '[ab]' })
  clock.advance(10_000)
  expect(await manager.inspectBackup(file)).toEqual({
    success: true,
    backupFile: file,
    formatVersion: 2,
    mode: 'typed',
    createdAt: '2026-11-22T00:00:00.000Z',
    pattern: '[ab]',
    sourceCacheType: 'InMemoryCache',
    keys: 2,
    keysExpired: 1,
    totalSizeBytes: backup.totalSizeBytes,
    compressedSizeBytes: backup.compressedSizeBytes,
    errors: [],
  })
})

test('a backup contains only the keys that match the pattern', async () => {
  const source = new InMemoryCache()
  await source.setMany(['user:1', 'user:2', 'order:1'].map((key) => [key, key]))
  const file = newFile()
  expect(await manager.createBackup(source, file, { pattern: 'user:*' })).toMatchObject({
    keysBackedUp: 2,
  })
})

test('a backup of an empty cache is valid and contains no entries', async () => {
  const file = newFile()
  expect(await manager.createBackup(new InMemoryCache(), file)).toMatchObject({
    success: true,
    keysBackedUp: 0,
  })
  expect(await manager.restoreBackup(file, new InMemoryCache())).toMatchObject({
    success: true,
    keysRestored: 0,
    successRate: 0,
  })
})

describe('the file of a backup', () => {
  test('can be read only by its owner', async () => {
    const file = newFile()
    await manager.createBackup(new InMemoryCache(), file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await filesLike(file)).toEqual([path.basename(file)])
  })

  test('is not replaced without overwrite', async () => {
    const file = newFile()
    await writeFile(file, 'precious')
    expect(await manager.createBackup(new InMemoryCache(), file)).toMatchObject({
      success: false,
      errors: ['Backup failed; no file was written: the file exists and overwrite is not set'],
    })
    expect(await readFile(file, 'utf8')).toBe('precious')

    await chmod(file, 0o644)
    expect(
      await manager.createBackup(new InMemoryCache(), file, { overwrite: true }),
    ).toMatchObject({ success: true })
    expect(await manager.inspectBackup(file)).toMatchObject({ success: true })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('is not replaced if it appears during the backup', async () => {
    const file = newFile()
    const source = new InMemoryCache()
    await source.set('a', 1)
    const inspect = source.inspect.bind(source)
    source.inspect = async function* (...args) {
      await writeFile(file, 'precious')
      yield* inspect(...args)
    }
    expect(await manager.createBackup(source, file)).toMatchObject({ success: false })
    expect(await readFile(file, 'utf8')).toBe('precious')
    expect(await filesLike(file)).toEqual([path.basename(file)])
  })

  test('is reported if it cannot be written', async () => {
    const result = await manager.createBackup(
      new InMemoryCache(),
      path.join(folder, 'no such folder', 'file'),
    )
    expect(result).toMatchObject({ success: false, compressedSizeBytes: 0 })
    expect(result.errors[0]).toContain('ENOENT')
  })
})

describe('a backup of a source that cannot be read leaves no file', () => {
  test('reports each value that cannot be encoded', async () => {
    const source = new InMemoryCache()
    await source.setMany<unknown>([
      ['good', 1],
      ['bad', { secret: 'password', callback: () => 0 }],
      ['deep', nested(600)],
    ])
    const file = newFile()
    const result = await manager.createBackup(source, file)
    expect(result).toMatchObject({
      success: false,
      keysBackedUp: 0,
      keysFailed: 2,
      totalSizeBytes: 0,
      compressionRatio: 0,
    })
    expect(result.errors).toHaveLength(3)
    expect(result.errors[0]).toBe(
      'Backup failed; no file was written: 2 keys could not be read or encoded',
    )
    expect(result.errors.find((error) => error.startsWith('key "bad": '))).toContain(
      'value["callback"] is a function',
    )
    expect(result.errors.join()).not.toContain('password')
    expect(await filesLike(file)).toEqual([])
  })

  test('names at most 1,000 failed keys and counts all of them', async () => {
    const source = new InMemoryCache({ maxSize: 2_000 })
    await source.setMany(Array.from({ length: 1_250 }, (_, index) => [`key:${index}`, () => index]))
    const result = await manager.createBackup(source, newFile())
    expect(result.keysFailed).toBe(1_250)
    expect(result.errors).toHaveLength(1_001)
  })

  test('reports a cache that cannot list its keys', async () => {
    const source = new InMemoryCache()
    source.scan = withoutScan
    const file = newFile()
    const result = await manager.createBackup(source, file)
    expect(result.errors).toEqual(['Backup failed; no file was written: TypeError'])
    expect(await filesLike(file)).toEqual([])
  })

  test('reports a Redis that refuses connections', async () => {
    await using source = new GenericRedisCache({
      redisUrl: `redis://127.0.0.1:${await freePort()}`,
    })
    const file = newFile()
    const result = await manager.createBackup(source, file)
    expect(result).toMatchObject({ success: false, keysBackedUp: 0 })
    expect(result.errors).toEqual([
      'Backup failed; no file was written: Redis is not connected (ECONNREFUSED)',
    ])
    expect(await filesLike(file)).toEqual([])
  })
})

test('a key that is removed before it is read is skipped', async () => {
  const source = new InMemoryCache()
  await source.setMany(['a', 'b', 'c'].map((key) => [key, key]))
  source.scan = async function* staleList(pattern) {
    yield* InMemoryCache.prototype.scan.call(source, pattern)
    yield 'gone'
  }
  expect(await manager.createBackup(source, newFile())).toMatchObject({
    success: true,
    keysBackedUp: 3,
    keysSkipped: 0,
  })
})

describe('a manager rejects bad arguments', () => {
  const source = new InMemoryCache()
  test.each([
    ['source', () => manager.createBackup(untyped({}), 'file')],
    ['source', () => manager.createBackup(untyped(undefined), 'file')],
    ['file', () => manager.createBackup(source, '')],
    ['file', () => manager.restoreBackup(untyped(7), source)],
    ['file', () => manager.inspectBackup('a\0b')],
    ['pattern', () => manager.createBackup(source, 'file', { pattern: '' })],
    ['overwrite', () => manager.createBackup(source, 'file', { overwrite: untyped('false') })],
    ['compression', () => manager.createBackup(source, 'file', { compression: untyped('none') })],
    ['file', () => manager.verifyBackup('')],
    ['conflict', () => manager.restoreBackup('file', source, { conflict: untyped('newer') })],
    ['target', () => manager.restoreBackup('file', untyped(null))],
    ['target', () => manager.restoreBackup('file', untyped(new Map()))],
    ['options', () => manager.createBackup(source, 'file', untyped(null))],
    ['options', () => manager.createBackup(source, 'file', untyped('user:*'))],
    ['options', () => manager.createBackup(source, 'file', untyped({ patern: 'user:*' }))],
    ['options', () => manager.restoreBackup('file', source, untyped(true))],
    ['options', () => manager.restoreBackup('file', source, untyped({ overwrit: true }))],
    ['file', () => manager.inspectBackup(untyped(['file']))],
  ])('rejects a bad %s', async (name, call) => {
    const error = await call().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ValidationError)
    expect(String(error)).toContain(`: ${name} `)
  })

  test('rejects an unknown option of the constructor and an invalid clock', () => {
    for (const options of [null, 'fast', { chunksize: 1 }, { clock: {} }, { clock: null }]) {
      expect(() => new CacheMigrationManager(untyped(options))).toThrow(ConfigurationError)
    }
  })

  test('rejects a chunkSize that is not an integer from 1 to 10,000', () => {
    for (const chunkSize of [0, 1.5, 10_001, Number.NaN]) {
      expect(() => new CacheMigrationManager({ chunkSize })).toThrow(ConfigurationError)
    }
  })
})

/** Returns a value with the type `never`, to pass arguments that JavaScript permits. */
function untyped(value: unknown): never {
  return value as never
}

/** Returns the names of the files that a backup to this file has left in its folder. */
async function filesLike(file: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(path.basename(file)))
}

// oxlint-disable-next-line require-yield -- it fails before the first key
const withoutScan: CacheInterface['scan'] = async function* scan() {
  throw new TypeError('a message that may quote anything')
}

function nested(levels: number): unknown {
  let value: unknown = 'end'
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
