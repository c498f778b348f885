import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp()

describe('a held reply', () => {
  test('is held after the server has answered, until released', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'SET', key: 'key' })
    const reply = client.set('key', 'value')
    await held.seen
    expect(await at.direct.get('key')).toBe('value')
    expect(await isPending(reply)).toBe(true)
    await held.release()
    expect(await reply).toBe('OK')
  })

  test('is the one as it was when the server gave it', async () => {
    await at.direct.set('key', 'old')
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET', key: 'key' })
    const reply = client.get('key')
    await held.seen
    await at.direct.set('key', 'new')
    await held.release()
    expect(await reply).toBe('old')
    expect(await client.get('key')).toBe('new')
  })

  test('keeps back what follows on its connection, and nothing else', async () => {
    const [one, other] = [await at.client(), await at.client()]
    const held = await at.proxy.holdReply({ command: 'GET', key: 'b' })
    const before = one.get('a')
    const reply = one.get('b')
    const after = one.incr('c')
    await held.seen
    expect(await before).toBeNull()
    expect(await isPending(Promise.race([reply, after]))).toBe(true)
    expect(await other.get('c')).toBe('1')
    await held.release()
    expect(await Promise.all([reply, after])).toEqual([null, 1])
  })

  test('is that of the nth matching command from then on, on any connection', async () => {
    const [one, other] = [await at.client(), await at.client()]
    await one.get('key')
    const held = await at.proxy.holdReply({ command: 'get', key: 'key', nth: 3 })
    await one.get('key')
    await one.get('another')
    await other.get('key')
    const third = one.get('key')
    await held.seen
    expect(await isPending(third, 50)).toBe(true)
    expect(await other.get('key')).toBeNull()
    await held.release()
    expect(await third).toBeNull()
    expect(await one.get('key')).toBeNull()
  })

  test('may be held twice, by two handles', async () => {
    const client = await at.client()
    const [any, named] = [
      await at.proxy.holdReply({ command: 'GET' }),
      await at.proxy.holdReply({ key: 'key' }),
    ]
    const reply = client.get('key')
    await Promise.all([any.seen, named.seen])
    await any.release()
    expect(await isPending(reply, 50)).toBe(true)
    await named.release()
    expect(await reply).toBeNull()
  })

  test('is found by a key of a script, not by an argument of it', async () => {
    const client = await at.client()
    const script = 'return {KEYS[1], ARGV[1]}'
    const sha = createHash('sha1').update(script).digest('hex')
    await client.script('LOAD', script)
    const held = await at.proxy.holdReply({ command: 'EVALSHA', key: 'wanted' })
    expect(await client.evalsha(sha, 1, 'other', 'wanted')).toEqual(['other', 'wanted'])
    const reply = client.evalsha(sha, 1, 'wanted', 'argument')
    await held.seen
    expect(await isPending(reply, 50)).toBe(true)
    await held.release()
    expect(await reply).toEqual(['wanted', 'argument'])
  })

  test('is found by a command of two words', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'CLIENT GETNAME' })
    await client.client('ID')
    const reply = client.client('GETNAME')
    await held.seen
    expect(await isPending(reply, 50)).toBe(true)
    await held.release()
    expect(await reply).toBeNull()
  })

  test('to SUBSCRIBE is all that confirms it', async () => {
    const client = await at.rawClient()
    const held = await at.proxy.holdReply({ command: 'SUBSCRIBE' })
    client.say('SUBSCRIBE a b')
    await held.seen
    expect(await isPending(client.hears('subscribe'))).toBe(true)
    await held.release()
    await client.hears(':2\r\n')
    expect(client.heard.match(/subscribe/g)).toHaveLength(2)
  })

  test('goes on at the heal', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET' })
    const reply = client.get('key')
    await held.seen
    await at.proxy.pass()
    expect(await reply).toBeNull()
    expect(await client.get('key')).toBeNull()
  })

  test('has its network faults like any other', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 100, direction: 'down' })
    const held = await at.proxy.holdReply({ command: 'GET' })
    const reply = client.get('key')
    await held.seen
    await held.release()
    expect(await isPending(reply, 50)).toBe(true)
    expect(await reply).toBeNull()
  })
})

describe('a held command', () => {
  test('has not reached the server, until released', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'SET', key: 'key' })
    const reply = client.set('key', 'value')
    await held.seen
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await held.release()
    expect(await reply).toBe('OK')
    expect(await at.direct.get('key')).toBe('value')
  })

  test('keeps back the commands behind it, but not the replies to those before', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'SET', key: 'b' })
    const replies = [client.set('a', 1), client.set('b', 2), client.set('c', 3)]
    await held.seen
    expect(await replies[0]).toBe('OK')
    expect(await isPending(Promise.race(replies.slice(1)))).toBe(true)
    expect(await at.direct.mget('a', 'b', 'c')).toEqual(['1', null, null])
    await held.release()
    await Promise.all(replies)
    expect(await at.direct.mget('a', 'b', 'c')).toEqual(['1', '2', '3'])
  })

  test('is carried out on release although its client is gone', async () => {
    const client = await at.rawClient()
    const held = await at.proxy.holdCommand({ command: 'SET' })
    client.say('SET key ghost')
    await held.seen
    client.socket.destroy()
    await eventually(async () => (await at.proxy.counts()).connections.open).toBe(0)
    expect(await at.direct.get('key')).toBeNull()
    await held.release()
    await eventually(() => at.direct.get('key')).toBe('ghost')
    await eventually(async () => (await at.proxy.counts()).connections.toServer).toBe(0)
  })
})

describe('a hold that was in vain', () => {
  test('says so at the heal, and holds nothing later', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET' })
    await at.proxy.pass()
    await expect(held.seen).rejects.toThrow('Nothing was held: the proxy was healed')
    expect(await client.get('key')).toBeNull()
  })

  test('can be taken back', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'GET' })
    await held.release()
    await expect(held.seen).rejects.toThrow('Nothing was held: it was released')
    expect(await client.get('key')).toBeNull()
  })
})
