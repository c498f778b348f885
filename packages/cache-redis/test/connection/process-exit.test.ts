import { setTimeout as sleep } from 'node:timers/promises'
import {
  freePort,
  type RedisServer,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import type { LocationOptions } from '../../src/connection/location.js'
import { connectInChild } from './in-child.js'
import { openConnection } from './open-connection.js'

const [redis, cluster, sentinel] = await Promise.all([
  startRedis(),
  startRedisCluster(),
  startRedisSentinel(),
])
afterAll(() => Promise.all([redis.stop(), cluster.stop(), sentinel.stop()]))

/** Returns the number of resources that keep this process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo().toSorted())
    counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/**
 * Returns the kinds with more resources than before, after a moment for sockets and timers to go. The
 * test runner has some of its own, which come and go.
 */
async function whatStays(before: Record<string, number>): Promise<string[]> {
  const more = (): string[] =>
    Object.entries(resources())
      .filter(([kind, count]) => count > (before[kind] ?? 0))
      .map(([kind]) => kind)
  const deadline = performance.now() + 3_000
  while (more().length > 0 && performance.now() < deadline) await sleep(10)
  return more()
}

const nobody = await freePort()

test.each<[string, number, () => LocationOptions]>([
  ['one server', 1_000, () => ({ redisUrl: redis.url })],
  ['a Cluster', 100, () => ({ cluster: { urls: cluster.urls } })],
  ['Sentinel', 100, () => ({ sentinel: { name: sentinel.name, urls: sentinel.urls } })],
  ['nobody there', 100, () => ({ redisUrl: `redis://127.0.0.1:${nobody}` })],
  ['no Cluster there', 20, () => ({ cluster: { urls: [`redis://127.0.0.1:${nobody}`] } })],
  [
    'no sentinel there',
    100,
    () => ({ sentinel: { name: 'cache', urls: [`redis://127.0.0.1:${nobody}`] } }),
  ],
])('%s: %i connections that were opened and closed leave nothing', async (_name, count, where) => {
  const before = resources()
  for (let opened = 0; opened < count; opened += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, count) }, async (_, index) => {
        const connection = openConnection(where())
        // Some are closed while they connect.
        if (index % 4 > 0) await connection.connect()
        else void connection.connect()
        await connection.close()
      }),
    )
  }
  expect(await whatStays(before)).toEqual([])
})

test('a client that was handed in a thousand times is as it was', async () => {
  const client = new Redis(redis.url)
  client.on('error', () => {})
  await client.ping()
  const listeners = (): number[] => client.eventNames().map((name) => client.listenerCount(name))
  const before = listeners()
  const held = resources()
  for (let count = 0; count < 1_000; count++) {
    const connection = openConnection({ client })
    if (count % 10 > 0) await connection.run((c) => c.ping())
    await connection.close()
  }
  expect(listeners()).toEqual(before)
  expect(await whatStays(held)).toEqual([])
  client.disconnect()
})

test.each<[string, readonly RedisServer[], LocationOptions]>([
  ['one server', [redis], { redisUrl: redis.url }],
  ['a Cluster', cluster.masters, { cluster: { urls: cluster.urls } }],
  ['Sentinel', sentinel.servers, { sentinel: { name: sentinel.name, urls: sentinel.urls } }],
])('%s freezes: a process that has closed its connection ends', async (_name, servers, where) => {
  const child = await connectInChild(where)
  expect(child.connected).toBe(true)
  for (const server of servers) server.pause()
  expect(await child.end()).toBeLessThan(2_000)
})
