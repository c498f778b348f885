import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openConnection } from './open-connection.js'

const redis = await startRedis()
afterAll(() => redis.stop())

const listeners = (client: Redis): number =>
  client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0)

describe.each([
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5 as unknown as typeof Redis],
])('a client of %s', (_name, Client) => {
  let client: Redis
  beforeEach(async () => {
    client = new Client(redis.url)
    client.on('error', () => {})
    await client.ping()
  })
  afterEach(() => client.disconnect())

  test('is used, and left as it was', async () => {
    const before = { listeners: listeners(client), options: { ...client.options } }
    const connection = openConnection({ client })
    expect(await connection.connect()).toBe(true)
    await connection.run((handedIn) => handedIn.set('key', 'value'))
    await connection.close()
    expect({ listeners: listeners(client), options: client.options }).toEqual(before)
    expect(await client.get('key')).toBe('value')
  })

  test('serves thirty caches, with no more listeners than one has', async () => {
    const warned = vi.fn<(warning: Error) => void>()
    process.on('warning', warned)
    const before = listeners(client)
    const first = openConnection({ client })
    const withOne = listeners(client)
    const others = Array.from({ length: 29 }, () => openConnection({ client }))
    expect(listeners(client)).toBe(withOne)
    for (const connection of [first, ...others]) expect(await connection.connect()).toBe(true)
    // Each of them hears of a loss.
    client.stream.destroy()
    await vi.waitFor(() => expect(others.some(({ ready }) => ready)).toBe(false), { interval: 1 })
    await vi.waitFor(() => expect(others.every(({ ready }) => ready)).toBe(true), {
      timeout: 3_000,
    })
    await Promise.all(others.map((connection) => connection.close()))
    expect(listeners(client)).toBe(withOne)
    expect(first.ready).toBe(true)
    await first.close()
    expect(listeners(client)).toBe(before)
    expect(warned).not.toHaveBeenCalled()
    process.off('warning', warned)
  })

  test('is not given what it would keep for later', async () => {
    await client.set('late', 0)
    const connection = openConnection({ client })
    await connection.connect()
    client.stream.destroy()
    await vi.waitFor(() => expect(client.status).toBe('reconnecting'), { interval: 1 })
    await expect(connection.run((c) => c.incr('late'))).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    await vi.waitFor(() => expect(client.status).toBe('ready'), { timeout: 3_000 })
    expect(await client.get('late')).toBe('0')
  })

  test('that its owner has ended is not used', async () => {
    client.disconnect()
    await vi.waitFor(() => expect(client.status).toBe('end'))
    const connection = openConnection({ client })
    expect(await connection.connect(100)).toBe(false)
    await expect(connection.run((c) => c.ping())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    expect(client.status).toBe('end')
  })
})

test('a client that has not connected yet is connected', async () => {
  const client = new Redis(redis.url, { lazyConnect: true })
  const connection = openConnection({ client })
  expect(await connection.connect()).toBe(true)
  client.disconnect()
})
