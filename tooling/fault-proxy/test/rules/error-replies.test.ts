import { describe, expect, test } from 'vitest'
import { isPending, setUp } from '../set-up.js'

const at = setUp()

const LOADING = 'LOADING Redis is loading the dataset in memory'

describe('an error that replaces a reply', () => {
  test('reaches the client, and the command never reaches the server', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'INCR', key: 'key', error: LOADING })
    await expect(client.incr('key')).rejects.toThrow(LOADING)
    await expect(client.incr('key')).rejects.toThrow(LOADING)
    expect(await client.incr('other')).toBe(1)
    expect(await at.direct.get('key')).toBeNull()
    await at.proxy.pass()
    expect(await client.incr('key')).toBe(1)
  })

  test('is sent as often as requested', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'GET', error: LOADING, count: 2 })
    await expect(client.get('a')).rejects.toThrow(LOADING)
    await expect(client.get('b')).rejects.toThrow(LOADING)
    expect(await client.get('c')).toBeNull()
  })

  test('applies to any command, even of a new connection', async () => {
    await at.proxy.answerWithError({ error: LOADING })
    const client = await at.rawClient()
    client.send('HELLO 3', 'PING')
    client.send('PING')
    await client.receives(`-${LOADING}\r\n`.repeat(3))
    expect(client.received).toBe(`-${LOADING}\r\n`.repeat(3))
  })

  test('follows the replies to earlier commands', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ key: 'bad', error: 'ERR injected' })
    const held = await at.proxy.holdReply({ command: 'INCR', key: 'a' })
    const replies = [client.incr('a'), client.incr('bad'), client.incr('b'), client.incr('bad')]
    const settled = Promise.allSettled(replies)
    await held.reached
    expect(await isPending(Promise.race(replies))).toBe(true)
    await held.release()
    expect(
      (await settled).map((reply) => (reply.status === 'fulfilled' ? reply.value : 'bad')),
    ).toEqual([1, 'bad', 1, 'bad'])
  })

  test('waits for an earlier held command', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'INCR', error: 'ERR injected' })
    const held = await at.proxy.holdCommand({ command: 'SET' })
    const [first, second] = [client.set('key', 'value'), client.incr('key')]
    await held.reached
    expect(await isPending(second)).toBe(true)
    await held.release()
    expect(await first).toBe('OK')
    await expect(second).rejects.toThrow('injected')
  })

  test('has the delay of the network', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'GET', error: LOADING })
    await at.proxy.delay({ milliseconds: 300 })
    const reply = client.get('key')
    expect(await isPending(reply)).toBe(true)
    await expect(reply).rejects.toThrow(LOADING)
  })

  test('in a transaction makes EXEC fail, as in Redis', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'SET', key: 'b', error: LOADING })
    const transaction = client.multi().set('a', 1).set('b', 2).set('c', 3).exec()
    await expect(transaction).rejects.toThrow('EXECABORT')
    expect(await at.direct.mget('a', 'b', 'c')).toEqual([null, null, null])
    expect(await client.multi().set('a', 1).exec()).toEqual([[null, 'OK']])
    expect(await at.direct.get('a')).toBe('1')
  })

  test('after a discarded transaction does not affect the next one', async () => {
    const client = await at.rawClient()
    await at.proxy.answerWithError({ command: 'GET', error: LOADING })
    client.send('MULTI', 'DISCARD', 'GET key', 'MULTI', 'SET key 1', 'EXEC')
    await client.receives('*1\r\n+OK\r\n')
    expect(client.received).toBe(`+OK\r\n+OK\r\n-${LOADING}\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n`)
  })

  test('waits for all confirmations of an earlier command', async () => {
    const client = await at.rawClient()
    await at.proxy.answerWithError({ command: 'GET', error: LOADING })
    const confirmation = (kind: string, channel: string, left: number): string =>
      `*3\r\n$${kind.length}\r\n${kind}\r\n$1\r\n${channel}\r\n:${left}\r\n`
    client.send('SUBSCRIBE a b c', 'GET key', 'UNSUBSCRIBE b', 'GET key', 'UNSUBSCRIBE', 'GET key')
    const error = `-${LOADING}\r\n`
    await client.receives(/(-LOADING[^]*){3}\n/)
    const [, afterSubscribe, afterOne, afterAll] = [...client.received.split(error), '']
    expect(client.received.startsWith(confirmation('subscribe', 'a', 1))).toBe(true)
    expect(afterSubscribe).toBe(confirmation('unsubscribe', 'b', 2))
    expect(afterOne?.match(/unsubscribe/g)).toHaveLength(2)
    expect(afterAll).toBe('')
  })

  test('is not sent to a client without replies', async () => {
    const client = await at.rawClient()
    await at.proxy.answerWithError({ command: 'SET', error: LOADING })
    client.send('CLIENT REPLY OFF', 'SET a 1', 'CLIENT REPLY ON', 'PING')
    await client.receives('+PONG\r\n')
    expect(client.received).toBe('+OK\r\n+PONG\r\n')
  })

  test('does not match a hold', async () => {
    const client = await at.client()
    await at.proxy.answerWithError({ command: 'GET', error: LOADING, count: 1 })
    const held = await at.proxy.holdReply({ command: 'GET' })
    await expect(client.get('key')).rejects.toThrow(LOADING)
    const second = client.get('key')
    await held.reached
    await held.release()
    expect(await second).toBeNull()
  })
})
