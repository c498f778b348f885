import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll } from 'vitest'
import { CacheMigrationManager, RedisKeyspace } from '../../src/index.js'

/** Starts two servers for the tests of a file, and stops them after the last one. */
export async function startTwoServers() {
  const [source, target] = [await startRedis(), await startRedis()]
  const [raw, rawTarget] = [new Redis(source.url), new Redis(target.url)]
  const from = new RedisKeyspace({ redisUrl: source.url })
  const to = new RedisKeyspace({ redisUrl: target.url })
  afterAll(async () => {
    raw.disconnect()
    rawTarget.disconnect()
    await Promise.all([from.close(), to.close()])
    await Promise.all([source.stop(), target.stop()])
  })
  return { source, target, raw, rawTarget, from, to, manager: new CacheMigrationManager() }
}
