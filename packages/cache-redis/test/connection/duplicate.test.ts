import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { duplicateFor } from '../../src/connection/clients.js'
import { expectQuiet } from './quiet.js'

expectQuiet()

const made: Redis[] = []
afterEach(() => {
  for (const client of made.splice(0)) client.disconnect()
})

/** Creates a client with the settings of an owner. */
function make(
  Client: typeof Redis,
  url: string,
  options: { readonly password?: string; readonly db?: number } = {},
): Redis {
  const client = new Client(url, options)
  client.on('error', () => {})
  made.push(client)
  return client
}

function duplicate(node: Redis): Redis {
  const client = duplicateFor(node)
  made.push(client)
  return client
}

describe.each([
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5 as unknown as typeof Redis],
])('one more connection by %s', (_name, Client) => {
  test('goes to the same place, as the same user, and leaves the first as it was', async () => {
    await using redis = await startRedis('--requirepass', 's3cret')
    const client = make(Client, redis.url, { password: 's3cret', db: 2 })
    await client.set('key', 'value')
    const before = { ...client.options }
    const other = duplicate(client)
    expect(other.status).toBe('wait')
    await other.connect()
    expect(await other.get('key')).toBe('value')
    expect(client.options).toEqual(before)
  })

  test('hears of what is invalidated, and does not subscribe again by itself', async () => {
    await using redis = await startRedis()
    const client = make(Client, redis.url)
    const copy = duplicate(client)
    await copy.connect()
    const id = await copy.client('ID')
    await copy.client('TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', 'cache:')
    await copy.subscribe('__redis__:invalidate')
    const received: unknown[] = []
    copy.on('messageBuffer', (_channel, keys: Buffer[]) => received.push(String(keys)))
    await client.set('cache:key', 'value')
    await vi.waitFor(() => expect(received).toEqual(['cache:key']))
    copy.stream.destroy()
    await once(copy, 'ready')
    expect(copy.mode).toBe('normal')
  })

  test('does not wait for a server that says nothing', async () => {
    await using redis = await startRedis('--requirepass', 's3cret')
    await using proxy = await startFaultProxy({ target: redis.port })
    const client = make(Client, proxy.url, { password: 's3cret' })
    await client.ping()
    await proxy.acceptButNeverAnswer()
    const copy = duplicate(client)
    // By ioredis 5 it is ready before the password is accepted.
    const answer = copy.connect().then(() => copy.ping())
    await expect(answer).rejects.toThrow(/closed|timed out|limit/)
    await proxy.pass()
    await vi.waitFor(async () => expect(await copy.ping()).toBe('PONG'), { timeout: 5_000 })
  })

  test('does not print its errors', async () => {
    const redis = await startRedis()
    const client = make(Client, redis.url)
    const copy = duplicate(client)
    await copy.connect()
    await redis.stop('SIGKILL')
    await sleep(1_000)
    expect(copy.status).not.toBe('ready')
    expect(console.error).not.toHaveBeenCalled()
  })
})
