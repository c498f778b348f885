import {
  freePort,
  type RedisSentinel,
  type RedisServer,
  startRedisSentinel,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { duplicateFor } from '../../src/connection/clients.js'
import type { RedisConnection } from '../../src/connection/redis-connection.js'
import { openConnection } from './open-connection.js'
import { watchOutage } from './outage.js'

const DOWN_AFTER_MS = 1_000

let group: RedisSentinel
beforeAll(async () => {
  group = await startRedisSentinel({ downAfterMs: DOWN_AFTER_MS })
})
afterAll(() => group.stop())

const open = (): RedisConnection =>
  openConnection({ sentinel: { name: group.name, urls: group.urls } }, { commandTimeoutMs: 500 })

const set = (connection: RedisConnection): Promise<unknown> =>
  connection.run((client) => client.set('key', 'value'))

/** Returns the time until the sentinels name another master and the cache writes to it. */
async function failover(connection: RedisConnection, fail: (master: RedisServer) => unknown) {
  const before = await group.master()
  const startedAt = performance.now()
  const failedOver = group.failedOver(before).then(() => performance.now() - startedAt)
  await fail(before)
  const outage = await watchOutage(() => set(connection))
  return { outage, failedOverAfterMs: await failedOver }
}

describe('the master', () => {
  test('is found, and everything about the connection works', async () => {
    const connection = open()
    expect(await connection.connect()).toBe(true)
    await set(connection)
    const master = new Redis((await group.master()).url)
    expect(await master.get('key')).toBe('value')
    master.disconnect()
  })

  test('is where one more connection leads', async () => {
    const connection = open()
    await connection.connect()
    const [node] = connection.masters() as [Redis]
    const other = duplicateFor(node)
    await other.connect()
    expect(other.stream.remotePort).toBe((await group.master()).port)
    other.disconnect()
  })

  test('freezes: another one is in use soon after it has become the master', async () => {
    const connection = open()
    await connection.connect()
    const frozen = await group.master()
    const { outage, failedOverAfterMs } = await failover(connection, (master) => master.pause())
    frozen.resume()
    expect(outage.endedAfterMs).toBeLessThan(failedOverAfterMs + 1_500)
    expect(outage.endedAfterMs).toBeLessThan(8_000)
    // One caller waited, for its limit.
    expect(outage.errors['BACKEND_TIMEOUT']).toBe(1)
    expect(outage.slowestCallMs).toBeLessThan(1_000)
  })

  test('dies: likewise', async () => {
    const connection = open()
    await connection.connect()
    const { outage, failedOverAfterMs } = await failover(connection, (master) =>
      master.stop('SIGKILL'),
    )
    expect(outage.endedAfterMs).toBeLessThan(failedOverAfterMs + 1_500)
    expect(outage.endedAfterMs).toBeLessThan(8_000)
  })
})

describe('sentinels', () => {
  test('one that is away is passed over, without a word', async () => {
    await group.killSentinel(2)
    const connection = openConnection({
      sentinel: { name: group.name, urls: group.urls.toReversed() },
    })
    expect(await connection.connect()).toBe(true)
    await set(connection)
  })

  test('without any, or one that knows the master, the cache does without Redis', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`
    const cases: [sentinel: { name: string; urls: readonly string[] }, code: string][] = [
      [{ name: group.name, urls: [nobody] }, 'NO_MASTER ECONNREFUSED'],
      [{ name: 'another', urls: group.urls.slice(0, 2) }, 'NO_MASTER'],
    ]
    for (const [sentinel, code] of cases) {
      const connection = openConnection({ sentinel }, { commandTimeoutMs: 200 })
      expect(await connection.connect()).toBe(false)
      expect(connection.lastErrorCode).toBe(code)
      await expect(set(connection)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    }
  })
})
