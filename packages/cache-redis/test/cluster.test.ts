import { setTimeout as sleep } from 'node:timers/promises'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { startRedisCluster } from '@verbatim/test-support'
import { Cluster } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'
import { GenericRedisCache } from '../src/index.js'

const cluster = await startRedisCluster()
const client = new Cluster(cluster.addresses)
afterAll(async () => {
  await client.quit()
  await cluster.stop()
})

let caches = 0
const open = (keyPrefix: string): GenericRedisCache =>
  new GenericRedisCache({ client, keyPrefix, commandTimeout: 5_000 })

testCacheContract('GenericRedisCache (a Redis Cluster)', {
  create: () => open(`contract-${caches++}:`),
  advance: (milliseconds) => sleep(milliseconds),
})

describe('a Redis Cluster', () => {
  test('takes no master for a new one when it connects to them one after the other', async () => {
    for (let count = 0; count < 50; count++) {
      await using cache = open(`met-${count}:`)
      const entries = Array.from({ length: 12 }, (_, index) => [`key:${index}`, index] as const)
      await cache.setMany(entries)
      expect(await cache.getMany(entries.map(([key]) => key))).toEqual(new Map(entries))
    }
  })

  test('clear reaches every master, and only what lies under the prefix', async () => {
    await client.set('session:1', 'kept')
    await using cache = open('a*[b]?')
    await cache.setMany(Array.from({ length: 300 }, (_, index) => [`key:${index}`, index]))
    const held = await Promise.all(client.nodes('master').map((node) => node.dbsize()))
    expect(held.every((keys) => keys > 50)).toBe(true)
    expect(await cache.clear()).toBe(300)
    expect(await client.get('session:1')).toBe('kept')
  })
})
