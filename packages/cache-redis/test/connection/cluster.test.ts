import { type RedisCluster, type RedisServer, startRedisCluster } from '@verbatim/test-support'
import { Cluster, type Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis-5'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RedisClient } from '../../src/connection/clients.js'
import { slotOf } from '../../src/connection/cluster-slots.js'
import type { RedisConnection } from '../../src/connection/redis-connection.js'
import { openConnection } from './open-connection.js'
import { watchOutage } from './outage.js'
import { moveSlots } from './reshard.js'

const NODE_TIMEOUT_MS = 1_000

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: true, nodeTimeoutMs: NODE_TIMEOUT_MS })
})
afterAll(() => cluster.stop())

const open = (overrides: Parameters<typeof openConnection>[1] = {}): RedisConnection =>
  openConnection({ cluster: { urls: cluster.urls } }, overrides)

/** Returns a key of the nth master, by the first distribution of slots. */
function keyOn(index: number): string {
  const slots = 16_384 / 3
  for (let number = 0; ; number++) {
    const key = `key:${number}`
    // The first slots are moved by one of the tests.
    if (Math.floor(slotOf(key) / slots) === index && slotOf(key) >= 1_000) return key
  }
}

const setKeyOn = (connection: RedisConnection, index: number) => (): Promise<unknown> => {
  const key = keyOn(index)
  return connection.run((client) => client.set(key, 'value'), key)
}

describe('a Cluster', () => {
  test('is used by key, by master and as a whole', async () => {
    const connection = open()
    expect(await connection.connect()).toBe(true)
    const ports = new Set(connection.masters().map(portOf))
    expect(ports).toEqual(new Set(cluster.masters.map(({ port }) => port)))
    for (const index of [0, 1, 2]) await setKeyOn(connection, index)()
    for (const master of connection.masters()) {
      expect(await connection.run(() => master.dbsize(), master)).toBeGreaterThan(0)
    }
    expect(await connection.run((client) => client.get(keyOn(1)))).toBe('value')
  })

  test('calls that begin before it is connected wait for the master that they need', async () => {
    const connection = open()
    const calls = [0, 1, 2, 0, 1, 2].map((index) => setKeyOn(connection, index)())
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['OK']))
  })

  test('with a wrong password is not hammered', async () => {
    const urls = cluster.urls.map((url) => url.replace('//', '//nobody:wrong@'))
    const connection = openConnection({ cluster: { urls } })
    expect(await connection.connect()).toBe(false)
    expect(connection.lastErrorCode).toBe('WRONGPASS')
  })
})

describe('slots move to another master', () => {
  test('1,000 of them, under load: no call fails', async () => {
    const connection = open()
    await connection.connect()
    const set = (number: number): Promise<unknown> => {
      const key = `moved:${number % 2_000}`
      return connection.run((client) => client.set(key, 'value'), key)
    }
    for (let number = 0; number < 2_000; number++) await set(number)
    let calls = 0
    const moved = new AbortController()
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!moved.signal.aborted) await set(calls++)
      }),
    )
    const [from, to] = cluster.masters as [RedisServer, RedisServer, RedisServer]
    const slots = Array.from({ length: 1_000 }, (_, slot) => slot)
    await moveSlots(slots, from, to)
    moved.abort()
    await load
    expect(calls).toBeGreaterThan(1_000)
  })
})

describe('one master fails', () => {
  const handedIn: RedisClient[] = []
  afterEach(() => {
    for (const client of handedIn.splice(0)) client.disconnect()
  })

  /** Connects with a client of the cache, and with one of each release with its own settings. */
  async function connectAll(): Promise<RedisConnection[]> {
    for (const Client of [Cluster, Cluster5 as unknown as typeof Cluster]) {
      const client = new Client(cluster.addresses)
      client.on('error', () => {})
      handedIn.push(client)
    }
    const limit = { commandTimeoutMs: 500 }
    const connections = [
      open(limit),
      ...handedIn.map((client) => openConnection({ client }, limit)),
    ]
    for (const connection of connections) expect(await connection.connect()).toBe(true)
    return connections
  }

  /** Watches a failing master and another one through the connections. */
  async function watch(connections: readonly RedisConnection[], failing: number, other: number) {
    let failed = false
    const others = connections.map((connection) =>
      watchOutage(setKeyOn(connection, other), { until: () => failed }),
    )
    const outages = await Promise.all(
      connections.map((connection) => watchOutage(setKeyOn(connection, failing))),
    )
    failed = true
    return { outages, others: await Promise.all(others) }
  }

  test('it freezes: one call waits, calls to others go on, and another one takes its place', async () => {
    const connections = await connectAll()
    const onTopologyChange = vi.fn<() => void>()
    connections.push(open({ onTopologyChange }))
    await connections.at(-1)?.connect()
    const changesBefore = onTopologyChange.mock.calls.length
    cluster.masters[0]?.pause()
    const { outages, others } = await watch(connections, 0, 2)
    cluster.masters[0]?.resume()
    for (const { endedAfterMs } of outages) expect(endedAfterMs).toBeLessThan(8_000)
    expect(outages[0]?.errors['BACKEND_TIMEOUT']).toBe(1)
    // Without one of its masters a Cluster refuses all calls until another has taken its place.
    expect(
      Object.keys(others[0]?.errors ?? {}).filter((code) => code !== 'BACKEND_REFUSED'),
    ).toEqual([])
    expect(onTopologyChange.mock.calls.length).toBeGreaterThan(changesBefore)
    const ports = connections.map((connection) => new Set(connection.masters().map(portOf)))
    for (const set of ports) expect(set).toEqual(ports[0])
    expect(ports[0]).not.toContain(cluster.masters[0]?.port)
  })

  test('it dies: likewise', async () => {
    const connections = await connectAll()
    const killed = cluster.masters[1]?.stop('SIGKILL')
    const { outages, others } = await watch(connections, 1, 2)
    await killed
    for (const { endedAfterMs } of outages) expect(endedAfterMs).toBeLessThan(8_000)
    expect(
      Object.keys(others[0]?.errors ?? {}).filter((code) => code !== 'BACKEND_REFUSED'),
    ).toEqual([])
    for (const connection of connections) expect(connection.lastErrorCode).toBeUndefined()
  })
})

function portOf({ options }: Redis): number | undefined {
  return options.port
}
