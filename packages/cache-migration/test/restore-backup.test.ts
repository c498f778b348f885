import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { afterAll, describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../src/index.js'
import { newFile } from './backup-folder.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const manager = new CacheMigrationManager()
const file = newFile()
const source = new InMemoryCache()
await source.setMany([
  ['a', 'from the file'],
  ['b', 'from the file'],
])
await manager.createBackup(source, file)

describe('a key that the target already has', () => {
  for (const value of ['already here', null, 0, '']) {
    test(`is not replaced without overwrite: ${JSON.stringify(value)}`, async () => {
      const target = new InMemoryCache()
      await target.set('a', value)
      expect(await manager.restoreBackup(file, target)).toMatchObject({
        success: true,
        keysRestored: 1,
        keysSkipped: 1,
        keysFailed: 0,
        successRate: 100,
      })
      expect(await target.get('a')).toBe(value)
    })
  }

  test('is replaced with overwrite', async () => {
    const target = new InMemoryCache()
    await target.set('a', 'already here')
    expect(await manager.restoreBackup(file, target, { conflict: 'replace' })).toMatchObject({
      keysRestored: 2,
      keysSkipped: 0,
    })
    expect(await target.get('a')).toBe('from the file')
  })
})

test('a target that rejects one key gets the others', async () => {
  const target = new InMemoryCache()
  const write = target.add.bind(target)
  target.add = (key, value, ttl) => {
    if (key === 'a') throw new RangeError('no room for "from the file"')
    return write(key, value, ttl)
  }
  const result = await manager.restoreBackup(file, target)
  expect(result).toMatchObject({
    success: false,
    keysRestored: 1,
    keysFailed: 1,
    successRate: 50,
    errors: ['Restore failed: 1 keys could not be written', 'key "a": RangeError'],
  })
  expect(await target.get('b')).toBe('from the file')
})

test('the result reports a Redis that stops during the restore', async () => {
  await using target = new GenericRedisCache({
    redisUrl: redis.url,
    keyPrefix: 'gone:',
    enableL1Cache: false,
    onBackendError: 'throw',
  })
  await target.connect()
  await redis.stop()
  const result = await manager.restoreBackup(file, target)
  expect(result).toMatchObject({ success: false, keysRestored: 0, keysFailed: 2, successRate: 0 })
  expect(result.errors).toHaveLength(3)
})
