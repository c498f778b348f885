import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp()

describe('a held reply', () => {
  test('is held after the server has replied, until it is released', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'SET', key: 'key' })
    const reply = client.set('key', 'value')
    await held.reached
    expect(await at.direct.get('key')).toBe('value')
    expect(await isPending(reply)).toBe(true)
    await held.release()
    expect(await reply).toBe('OK')
  })

  test('has the content of the time at which the server replied', async () => {
    await at.direct.set('key', 'old')
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET', key: 'key' })
    const reply = client.get('key')
    await held.reached
    await at.direct.set('key', 'new')
    await held.release()
    expect(await reply).toBe('old')
    expect(await client.get('key')).toBe('new')
  })

  test('delays later replies on its connection and no others', async () => {
    const [one, other] = [await at.client(), await at.client()]
    const held = await at.proxy.holdReply({ command: 'GET', key: 'b' })
    const before = one.get('a')
    const reply = one.get('b')
    const after = one.incr('c')
    await held.reached
    expect(await before).toBeNull()
    expect(await isPending(Promise.race([reply, after]))).toBe(true)
    expect(await other.get('c')).toBe('1')
    await held.release()
    expect(await Promise.all([reply, after])).toEqual([null, 1])
  })

  test('belongs to the nth matching command on any connection', async () => {
    const [one, other] = [await at.client(), await at.client()]
    await one.get('key')
    const held = await at.proxy.holdReply({ command: 'get', key: 'key', nth: 3 })
    await one.get('key')
    await one.get('another')
    await other.get('key')
    const third = one.get('key')
    await held.reached
    expect(await isPending(third, 50)).toBe(true)
    expect(await other.get('key')).toBeNull()
    await held.release()
    expect(await third).toBeNull()
    expect(await one.get('key')).toBeNull()
  })

  test('can have two handles', async () => {
    const client = await at.client()
    const [any, named] = [
      await at.proxy.holdReply({ command: 'GET' }),
      await at.proxy.holdReply({ key: 'key' }),
    ]
    const reply = client.get('key')
    await Promise.all([any.reached, named.reached])
    await any.release()
    expect(await isPending(reply, 50)).toBe(true)
    await named.release()
    expect(await reply).toBeNull()
  })

  test('is found by a key of a script and not by an argument', async () => {
    const client = await at.client()
    const script = 'return {KEYS[1], ARGV[1]}'
    const sha = createHash('sha1').update(script).digest('hex')
    await client.script('LOAD', script)
    const held = await at.proxy.holdReply({ command: 'EVALSHA', key: 'wanted' })
    expect(await client.evalsha(sha, 1, 'other', 'wanted')).toEqual(['other', 'wanted'])
    const reply = client.evalsha(sha, 1, 'wanted', 'argument')
    await held.reached
    expect(await isPending(reply, 50)).toBe(true)
    await held.release()
    expect(await reply).toEqual(['wanted', 'argument'])
  })

  test('is found by a command of two words', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'CLIENT GETNAME' })
    await client.client('ID')
    const reply = client.client('GETNAME')
    await held.reached
    expect(await isPending(reply, 50)).toBe(true)
    await held.release()
    expect(await reply).toBeNull()
  })

  test('to SUBSCRIBE includes all confirmations', async () => {
    const client = await at.rawClient()
    const held = await at.proxy.holdReply({ command: 'SUBSCRIBE' })
    client.send('SUBSCRIBE a b')
    await held.reached
    expect(await isPending(client.receives('subscribe'))).toBe(true)
    await held.release()
    await client.receives(':2\r\n')
    expect(client.received.match(/subscribe/g)).toHaveLength(2)
  })

  test('is released by pass()', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET' })
    const reply = client.get('key')
    await held.reached
    await at.proxy.pass()
    expect(await reply).toBeNull()
    expect(await client.get('key')).toBeNull()
  })

  test('is subject to network faults', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 100, direction: 'down' })
    const held = await at.proxy.holdReply({ command: 'GET' })
    const reply = client.get('key')
    await held.reached
    await held.release()
    expect(await isPending(reply, 50)).toBe(true)
    expect(await reply).toBeNull()
  })
})

describe('a held command', () => {
  test('does not reach the server until it is released', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'SET', key: 'key' })
    const reply = client.set('key', 'value')
    await held.reached
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await held.release()
    expect(await reply).toBe('OK')
    expect(await at.direct.get('key')).toBe('value')
  })

  test('delays later commands and not the replies to earlier ones', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'SET', key: 'b' })
    const replies = [client.set('a', 1), client.set('b', 2), client.set('c', 3)]
    await held.reached
    expect(await replies[0]).toBe('OK')
    expect(await isPending(Promise.race(replies.slice(1)))).toBe(true)
    expect(await at.direct.mget('a', 'b', 'c')).toEqual(['1', null, null])
    await held.release()
    await Promise.all(replies)
    expect(await at.direct.mget('a', 'b', 'c')).toEqual(['1', '2', '3'])
  })

  test('is executed on release even if its client has ended', async () => {
    const client = await at.rawClient()
    const held = await at.proxy.holdCommand({ command: 'SET' })
    client.send('SET key ghost')
    await held.reached
    client.socket.destroy()
    await eventually(async () => (await at.proxy.counts()).connections.open).toBe(0)
    expect(await at.direct.get('key')).toBeNull()
    await held.release()
    await eventually(() => at.direct.get('key')).toBe('ghost')
    await eventually(async () => (await at.proxy.counts()).connections.toServer).toBe(0)
  })
})

describe('a hold without a command', () => {
  test('rejects at pass() and holds no later command', async () => {
    const client = await at.client()
    const held = await at.proxy.holdReply({ command: 'GET' })
    await at.proxy.pass()
    await expect(held.reached).rejects.toThrow('Nothing was held: pass() was called')
    expect(await client.get('key')).toBeNull()
  })

  test('can be released before the command arrives', async () => {
    const client = await at.client()
    const held = await at.proxy.holdCommand({ command: 'GET' })
    await held.release()
    await expect(held.reached).rejects.toThrow('Nothing was held: it was released')
    expect(await client.get('key')).toBeNull()
  })
})
