import { startRedis, startRedisCluster, startRedisSentinel } from '@verbatim/test-support'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CacheMigrationManager, RedisKeyspace } from '../../src/index.js'
import { newFile } from '../backup-folder.js'
import { plantSampleKeys, SAMPLE_NAMES } from './sample-keys.js'

const server = await startRedis()
const cluster = await startRedisCluster()
const sentinel = await startRedisSentinel()
const raw = new Redis(server.url)
const rawCluster = new Cluster(cluster.addresses)
afterAll(async () => {
  raw.disconnect()
  rawCluster.disconnect()
  await Promise.all([server.stop(), cluster.stop(), sentinel.stop()])
})

const manager = new CacheMigrationManager()
// The URL of a single node stands for its Cluster.
const inCluster = new RedisKeyspace({ redisUrl: cluster.urls[0] ?? '' })
const single = new RedisKeyspace({ redisUrl: server.url })
const behindSentinel = new RedisKeyspace({ sentinel: { name: sentinel.name, urls: sentinel.urls } })
afterAll(() => Promise.all([inCluster, single, behindSentinel].map((each) => each.close())))

const KEYS = 3 * SAMPLE_NAMES.length + 500

beforeAll(async () => {
  for (const prefix of ['a:', '{tag}:', 'b:']) await plantSampleKeys(raw, prefix)
  const pipeline = raw.pipeline()
  for (let index = 0; index < 500; index++) pipeline.set(`string:${index}`, 'value', 'EX', 900)
  await pipeline.exec()
})

test('a copy to a Cluster has every key, and its rollback removes them', async () => {
  const journal = newFile()
  expect(await manager.migrate(single, inCluster, { journal })).toMatchObject({
    errors: [],
    keysMigrated: KEYS,
  })
  await expectSame(single, inCluster)
  expect(await manager.rollback(journal, inCluster)).toMatchObject({
    errors: [],
    keysRestored: KEYS,
  })
  expect(await manager.migrate(inCluster, behindSentinel)).toMatchObject({ keysProcessed: 0 })
})

test('a backup of a Cluster is restored behind a Sentinel', async () => {
  await manager.migrate(single, inCluster)
  const file = newFile()
  expect(await manager.createBackup(inCluster, file)).toMatchObject({
    errors: [],
    keysBackedUp: KEYS,
  })
  expect(await manager.restoreBackup(file, behindSentinel)).toMatchObject({
    errors: [],
    keysRestored: KEYS,
  })
  await expectSame(inCluster, behindSentinel)
  await expectSame(single, behindSentinel)
})

test('a copy between two clients of one Cluster is refused', async () => {
  const other = new RedisKeyspace({ client: rawCluster })
  expect(await manager.migrate(inCluster, other)).toMatchObject({
    success: false,
    errors: ['Copy failed: the target is the source'],
  })
})

async function expectSame(source: RedisKeyspace, target: RedisKeyspace): Promise<void> {
  expect(
    await manager.validateDataConsistency(source, target, { ttlTolerance: 0.05 }),
  ).toMatchObject({ errors: [], success: true, keysMatched: KEYS, ttlDeltas: {} })
}
