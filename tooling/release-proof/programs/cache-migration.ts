import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type BackupResult, CacheMigrationManager } from '@verbatim/cache-migration'
import { GenericRedisCache } from '@verbatim/cache-redis'

const redisUrl = process.env['REDIS_URL']
const source = new GenericRedisCache({ redisUrl, keyPrefix: `source-${process.pid}:` })
const target = new GenericRedisCache({ redisUrl, keyPrefix: `target-${process.pid}:` })
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
