import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type BackupResult, CacheMigrationManager } from '@verbatim/cache-migration'
import { GenericRedisCache } from '@verbatim/cache-redis'

// The machine may be busy, so calls have more time than by default.
const settings = { redisUrl: process.env['REDIS_URL'], commandTimeout: 5_000 }
const source = new GenericRedisCache({ ...settings, keyPrefix: `source-${process.pid}:` })
const target = new GenericRedisCache({ ...settings, keyPrefix: `target-${process.pid}:` })
await Promise.all([source.connect({ required: true }), target.connect({ required: true })])
await source.set('user:1', { born: new Date(0) }, null)

const manager = new CacheMigrationManager()
const file = `${tmpdir()}/verbatim-program-${process.pid}.backup`
const backup: BackupResult = await manager.createBackup(source, file)
assert.deepEqual(backup.errors, [])
assert.equal((await manager.restoreBackup(file, target)).keysRestored, 1)
assert.deepEqual(await target.get('user:1'), { born: new Date(0) })

await rm(file)
await Promise.all([source.clear(), target.clear()])
await Promise.all([source.close(), target.close()])
console.log('ok')
