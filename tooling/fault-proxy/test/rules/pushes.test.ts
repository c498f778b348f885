import { beforeEach, describe, expect, test } from 'vitest'
import type { RawClient } from '../raw-client.js'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp()

/** Subscribes to invalidations of its own connection, as RESP2 requires. */
async function resp2Listener(): Promise<RawClient> {
  const client = await at.rawClient()
  client.send('CLIENT ID')
  await client.receives('\r\n')
  const id = client.received.trim().slice(1)
  client.send(`CLIENT TRACKING ON REDIRECT ${id} BCAST`, 'SUBSCRIBE __redis__:invalidate')
  await client.receives('subscribe')
  return client
}

async function resp3Listener(): Promise<RawClient> {
  const client = await at.rawClient()
  client.send('HELLO 3', 'CLIENT TRACKING ON BCAST')
  await client.receives('+OK\r\n')
  return client
}

describe.each([
  ['in RESP2', resp2Listener],
  ['in RESP3', resp3Listener],
])('invalidations %s', (_name, listen) => {
  let listener: RawClient
  beforeEach(async () => {
    listener = await listen()
    listener.forget()
  })

  test('are forwarded and counted', async () => {
    const before = await at.proxy.counts()
    await at.direct.set('key', 1)
    await listener.receives('$3\r\nkey\r\n')
    const { pushes } = await at.proxy.counts()
    expect(pushes.passed - before.pushes.passed).toBe(1)
    expect(pushes.dropped - before.pushes.dropped).toBe(0)
  })

  test('are dropped until pass(), while replies are forwarded', async () => {
    const before = await at.proxy.counts()
    await at.proxy.dropPushes()
    await at.direct.set('a', 1)
    await at.direct.set('b', 1)
    await eventually(
      async () => (await at.proxy.counts()).pushes.dropped - before.pushes.dropped,
    ).toBe(2)
    listener.send('PING')
    await listener.receives(/pong/i)
    expect(listener.received).not.toContain('invalidate')
    await at.proxy.pass()
    await at.direct.set('c', 1)
    await listener.receives('$1\r\nc\r\n')
    expect(listener.received).not.toContain('$1\r\na\r\n')
  })

  test('are dropped as often as requested', async () => {
    await at.proxy.dropPushes({ count: 2 })
    for (const key of ['key:1', 'key:2', 'key:3']) await at.direct.set(key, 1)
    await listener.receives('key:3')
    expect(listener.received).not.toMatch(/key:[12]/)
  })

  test('of a flush, which have no key, are dropped too', async () => {
    const before = await at.proxy.counts()
    await at.proxy.dropPushes({ count: 1 })
    await at.direct.flushall()
    await at.direct.set('key', 1)
    await listener.receives('key')
    const { pushes } = await at.proxy.counts()
    expect(pushes.dropped - before.pushes.dropped).toBe(1)
    expect(listener.received.match(/invalidate/g)).toHaveLength(1)
  })

  test('are delayed in order, and replies arrive before them', async () => {
    await at.proxy.delayPushes({ milliseconds: 600 })
    await at.direct.set('key:1', 1)
    await at.direct.set('key:2', 1)
    const arrived = listener.receives('key:2')
    listener.send('PING')
    await listener.receives(/pong/i)
    expect(listener.received).not.toContain('key')
    expect(await isPending(arrived, 50)).toBe(true)
    await arrived
    expect(listener.received.match(/key:\d/g)).toEqual(['key:1', 'key:2'])
  })

  test('that are delayed arrive immediately after pass()', async () => {
    const before = await at.proxy.counts()
    await at.proxy.delayPushes({ milliseconds: 60_000 })
    await at.direct.set('key:1', 1)
    await eventually(
      async () => (await at.proxy.counts()).pushes.passed - before.pushes.passed,
    ).toBe(1)
    await at.proxy.pass()
    await at.direct.set('key:2', 1)
    await listener.receives('key:2')
    expect(listener.received.match(/key:\d/g)).toEqual(['key:1', 'key:2'])
  })

  test('wait for an earlier held reply', async () => {
    const held = await at.proxy.holdReply({ command: 'PING' })
    listener.send('PING')
    await held.reached
    await at.direct.set('key', 1)
    expect(await isPending(listener.receives('key'))).toBe(true)
    await held.release()
    await listener.receives('key')
  })
})

describe('messages of other channels', () => {
  test.each([
    ['SUBSCRIBE news', 'HELLO 2'],
    ['PSUBSCRIBE n*', 'HELLO 2'],
    ['SUBSCRIBE news', 'HELLO 3'],
    ['PSUBSCRIBE n*', 'HELLO 3'],
  ])('of %s after %s are dropped only if their channel is given', async (subscribe, hello) => {
    const client = await at.rawClient()
    client.send(hello, subscribe)
    await client.receives('subscribe')
    await at.proxy.dropPushes()
    await at.direct.publish('news', 'first')
    await client.receives('first')
    const before = await at.proxy.counts()
    await at.proxy.dropPushes({ channel: 'news' })
    await at.direct.publish('news', 'second')
    await eventually(
      async () => (await at.proxy.counts()).pushes.dropped - before.pushes.dropped,
    ).toBe(1)
    await at.proxy.pass()
    await at.direct.publish('news', 'third')
    await client.receives('third')
    expect(client.received).not.toContain('second')
  })

  test.each([
    ['although the client wants no replies', ['CLIENT REPLY OFF', 'SUBSCRIBE news'], 'publish'],
    ['in a shard too', ['SSUBSCRIBE news'], 'spublish'],
  ] as const)('are dropped %s', async (_how, subscribing, publish) => {
    const client = await at.rawClient()
    client.send(...subscribing)
    await client.receives('subscribe')
    await at.proxy.dropPushes({ channel: 'news', count: 1 })
    await at.direct[publish]('news', 'first')
    await at.direct[publish]('news', 'second')
    await client.receives('second')
    expect(client.received).not.toContain('first')
  })
})

test('a reply that looks like a push is a reply', async () => {
  await at.direct.rpush('list', 'message', '__redis__:invalidate', 'key')
  const client = await at.client()
  await at.proxy.dropPushes()
  expect(await client.lrange('list', 0, -1)).toEqual(['message', '__redis__:invalidate', 'key'])
  const resp3 = await at.rawClient()
  resp3.send('HELLO 3', 'SUBSCRIBE news', 'LRANGE list 0 -1')
  await resp3.receives('*3\r\n$7\r\nmessage\r\n')
})
