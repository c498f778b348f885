import { beforeEach, describe, expect, test } from 'vitest'
import type { RawClient } from '../raw-client.js'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp()

/** Hears invalidations by a channel, redirected to itself, as the one for RESP2 has to. */
async function resp2Listener(): Promise<RawClient> {
  const client = await at.rawClient()
  client.say('CLIENT ID')
  await client.hears('\r\n')
  const id = client.heard.trim().slice(1)
  client.say(`CLIENT TRACKING ON REDIRECT ${id} BCAST`, 'SUBSCRIBE __redis__:invalidate')
  await client.hears('subscribe')
  return client
}

async function resp3Listener(): Promise<RawClient> {
  const client = await at.rawClient()
  client.say('HELLO 3', 'CLIENT TRACKING ON BCAST')
  await client.hears('+OK\r\n')
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

  test('pass, and are counted', async () => {
    const before = await at.proxy.counts()
    await at.direct.set('key', 1)
    await listener.hears('$3\r\nkey\r\n')
    const { pushes } = await at.proxy.counts()
    expect(pushes.passed - before.pushes.passed).toBe(1)
    expect(pushes.dropped - before.pushes.dropped).toBe(0)
  })

  test('are swallowed until healed, while replies pass', async () => {
    const before = await at.proxy.counts()
    await at.proxy.dropPushes()
    await at.direct.set('a', 1)
    await at.direct.set('b', 1)
    await eventually(
      async () => (await at.proxy.counts()).pushes.dropped - before.pushes.dropped,
    ).toBe(2)
    listener.say('PING')
    await listener.hears(/pong/i)
    expect(listener.heard).not.toContain('invalidate')
    await at.proxy.pass()
    await at.direct.set('c', 1)
    await listener.hears('$1\r\nc\r\n')
    expect(listener.heard).not.toContain('$1\r\na\r\n')
  })

  test('are swallowed as often as was asked for', async () => {
    await at.proxy.dropPushes({ count: 2 })
    for (const key of ['key:1', 'key:2', 'key:3']) await at.direct.set(key, 1)
    await listener.hears('key:3')
    expect(listener.heard).not.toMatch(/key:[12]/)
  })

  test('of a flush, which name no key, are swallowed too', async () => {
    const before = await at.proxy.counts()
    await at.proxy.dropPushes({ count: 1 })
    await at.direct.flushall()
    await at.direct.set('key', 1)
    await listener.hears('key')
    const { pushes } = await at.proxy.counts()
    expect(pushes.dropped - before.pushes.dropped).toBe(1)
    expect(listener.heard.match(/invalidate/g)).toHaveLength(1)
  })

  test('come late and in order, and replies overtake them', async () => {
    await at.proxy.delayPushes({ milliseconds: 600 })
    await at.direct.set('key:1', 1)
    await at.direct.set('key:2', 1)
    const arrived = listener.hears('key:2')
    listener.say('PING')
    await listener.hears(/pong/i)
    expect(listener.heard).not.toContain('key')
    expect(await isPending(arrived, 50)).toBe(true)
    await arrived
    expect(listener.heard.match(/key:\d/g)).toEqual(['key:1', 'key:2'])
  })

  test('that are late come at once at the heal', async () => {
    const before = await at.proxy.counts()
    await at.proxy.delayPushes({ milliseconds: 60_000 })
    await at.direct.set('key:1', 1)
    await eventually(
      async () => (await at.proxy.counts()).pushes.passed - before.pushes.passed,
    ).toBe(1)
    await at.proxy.pass()
    await at.direct.set('key:2', 1)
    await listener.hears('key:2')
    expect(listener.heard.match(/key:\d/g)).toEqual(['key:1', 'key:2'])
  })

  test('wait behind a reply that is held before them', async () => {
    const held = await at.proxy.holdReply({ command: 'PING' })
    listener.say('PING')
    await held.seen
    await at.direct.set('key', 1)
    expect(await isPending(listener.hears('key'))).toBe(true)
    await held.release()
    await listener.hears('key')
  })
})

describe('messages of other channels', () => {
  test.each([
    ['SUBSCRIBE news', 'HELLO 2'],
    ['PSUBSCRIBE n*', 'HELLO 2'],
    ['SUBSCRIBE news', 'HELLO 3'],
    ['PSUBSCRIBE n*', 'HELLO 3'],
  ])('with %s after %s are swallowed only if named', async (subscribe, hello) => {
    const client = await at.rawClient()
    client.say(hello, subscribe)
    await client.hears('subscribe')
    await at.proxy.dropPushes()
    await at.direct.publish('news', 'first')
    await client.hears('first')
    const before = await at.proxy.counts()
    await at.proxy.dropPushes({ channel: 'news' })
    await at.direct.publish('news', 'second')
    await eventually(
      async () => (await at.proxy.counts()).pushes.dropped - before.pushes.dropped,
    ).toBe(1)
    await at.proxy.pass()
    await at.direct.publish('news', 'third')
    await client.hears('third')
    expect(client.heard).not.toContain('second')
  })

  test.each([
    ['although the client wants no replies', ['CLIENT REPLY OFF', 'SUBSCRIBE news'], 'publish'],
    ['in a shard too', ['SSUBSCRIBE news'], 'spublish'],
  ] as const)('are swallowed %s', async (_how, subscribing, publish) => {
    const client = await at.rawClient()
    client.say(...subscribing)
    await client.hears('subscribe')
    await at.proxy.dropPushes({ channel: 'news', count: 1 })
    await at.direct[publish]('news', 'first')
    await at.direct[publish]('news', 'second')
    await client.hears('second')
    expect(client.heard).not.toContain('first')
  })
})

test('a reply that looks like a message is a reply', async () => {
  await at.direct.rpush('list', 'message', '__redis__:invalidate', 'key')
  const client = await at.client()
  await at.proxy.dropPushes()
  expect(await client.lrange('list', 0, -1)).toEqual(['message', '__redis__:invalidate', 'key'])
  const resp3 = await at.rawClient()
  resp3.say('HELLO 3', 'SUBSCRIBE news', 'LRANGE list 0 -1')
  await resp3.hears('*3\r\n$7\r\nmessage\r\n')
})
