import { readFile, writeFile } from 'node:fs/promises'
import { InMemoryCache } from '@verbatim/cache-memory'
import { KeyRing } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { CacheMigrationManager, RedisKeyspace } from '../src/index.js'
import { newFile } from './backup-folder.js'

const redis = await startRedis()
const raw = new Redis(redis.url)
const from = new RedisKeyspace({ redisUrl: redis.url })
const to = new RedisKeyspace({ redisUrl: `${redis.url}/1` })
afterAll(async () => {
  raw.disconnect()
  await Promise.all([from.close(), to.close()])
  await redis.stop()
})

const keys = KeyRing.generate()
const encrypting = new CacheMigrationManager({ keys })
const plain = new CacheMigrationManager()
const source = new InMemoryCache()
await source.setMany(Array.from({ length: 100 }, (_, index) => [`user:${index}`, 'a secret text']))

test('an encrypted backup is read only with a key ring that has its key', async () => {
  const file = newFile()
  expect(await encrypting.createBackup(source, file)).toMatchObject({ success: true })
  expect(await readFile(file, 'latin1')).not.toContain('user:')
  const target = new InMemoryCache()
  const rotated = new CacheMigrationManager({ keys: keys.add() })
  expect(await rotated.restoreBackup(file, target)).toMatchObject({ errors: [], keysRestored: 100 })
  const others = [
    [plain, 'the file is encrypted, and no key ring was given'],
    [new CacheMigrationManager({ keys: KeyRing.generate() }), 'the key ring has no enabled key'],
  ] as const
  for (const [manager, reason] of others) {
    const empty = new InMemoryCache()
    const { success, errors } = await manager.restoreBackup(file, empty)
    expect([success, errors.join()]).toEqual([false, expect.stringContaining(reason)])
    expect(empty.getActiveKeys()).toEqual([])
  }
})

test('a file that is not encrypted is rejected with a key ring', async () => {
  const file = newFile()
  await plain.createBackup(source, file)
  expect(await encrypting.verifyBackup(file)).toMatchObject({
    success: false,
    errors: [expect.stringContaining('the file is not encrypted')],
  })
})

test('every change of an encrypted file is rejected', async () => {
  const file = newFile()
  await encrypting.createBackup(source, file)
  const bytes = await readFile(file)
  const changed = newFile()
  for (let at = 0; at < bytes.length; at += 3) {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
    await writeFile(changed, copy)
    expect(await encrypting.verifyBackup(changed)).toMatchObject({ success: false })
  }
}, 60_000)

test('a copy with an encrypted journal is rolled back', async () => {
  await raw.set('a', 'a secret text')
  const journal = newFile()
  expect(await encrypting.migrate(from, to, { journal })).toMatchObject({ keysMigrated: 1 })
  expect(await readFile(journal, 'latin1')).not.toContain('secret')
  expect(await plain.rollback(journal, to)).toMatchObject({ success: false, keysRestored: 0 })
  expect(await encrypting.rollback(journal, to)).toMatchObject({ errors: [], keysRestored: 1 })
  const file = newFile()
  expect(await encrypting.createBackup(from, file)).toMatchObject({ keysBackedUp: 1 })
  expect(await encrypting.restoreBackup(file, to)).toMatchObject({ errors: [], keysRestored: 1 })
})

test('a key ring of another type is rejected', () => {
  expect(() => new CacheMigrationManager({ keys: 'secret' as never })).toThrow(
    'keys must be a KeyRing; received a string',
  )
})
