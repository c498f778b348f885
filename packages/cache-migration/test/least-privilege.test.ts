import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GenericRedisCache, generateAcl } from '@verbatim/cache-redis'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CacheMigrationManager, RedisKeyspace } from '../src/index.js'

const PASSWORD = 'a-password'
const manager = new CacheMigrationManager()

let redis: RedisServer
let admin: Redis
let folder: string
let redisUrl: string

beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
  folder = await mkdtemp(path.join(tmpdir(), 'verbatim-permissions-'))
  for (const { role, name, rules } of generateAcl({ passwords: { migration: PASSWORD } })) {
    if (role !== 'migration') continue
    await admin.call('ACL', 'SETUSER', name, ...rules)
    redisUrl = redis.url.replace('//', `//${name}:${PASSWORD}@`)
  }
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  await admin.flushall()
  await using cache = new GenericRedisCache({ redisUrl: redis.url })
  await cache.set('key', 'value', { tags: ['a'] })
  await cache.set('for ever', 1, null)
})

async function keysOfCache(): Promise<string[]> {
  const names = await admin.keys('cache:*')
  return names.filter((name) => !name.includes('\0')).toSorted()
}

test('the migration user backs up and restores a cache', async () => {
  await using cache = new GenericRedisCache({ redisUrl, enableL1Cache: false })
  const file = path.join(folder, 'cache.backup')
  expect(await manager.createBackup(cache, file)).toMatchObject({ keysBackedUp: 2, errors: [] })
  expect(await cache.clear()).toBe(2)
  expect(await manager.restoreBackup(file, cache)).toMatchObject({ keysRestored: 2, errors: [] })
  expect(await cache.get('key')).toBe('value')
})

test('the migration user backs up, restores and rolls back the keys of a prefix', async () => {
  await using keyspace = new RedisKeyspace({ redisUrl })
  const [file, journal] = [path.join(folder, 'redis.backup'), path.join(folder, 'journal')]
  const backup = await manager.createBackup(keyspace, file, { pattern: 'cache:*' })
  expect(backup).toMatchObject({ success: true, errors: [] })
  await admin.flushall()
  const restored = await manager.restoreBackup(file, keyspace, { journal })
  expect(restored).toMatchObject({ success: true, errors: [] })
  expect(await keysOfCache()).toEqual(['cache:for ever', 'cache:key'])
  expect(await manager.rollback(journal, keyspace)).toMatchObject({ success: true, errors: [] })
  expect(await keysOfCache()).toEqual([])
})
