import { describe, expect, test } from 'vitest'
import { eventually, isPending, setUp, timed } from '../set-up.js'

const at = setUp()

const listening = (): Promise<number> =>
  at.proxy.counts().then(({ connections }) => connections.open)

describe('without faults', () => {
  test('clients receive the replies of the server, and the proxy counts all traffic', async () => {
    const before = await at.proxy.counts()
    const client = await at.client()
    expect(await client.set('key', 'value')).toBe('OK')
    expect(await client.get('key')).toBe('value')
    await expect(client.lpush('key', 'item')).rejects.toThrow('WRONGTYPE')
    const after = await at.proxy.counts()
    const more = (name: string): number =>
      (after.commands[name] ?? 0) - (before.commands[name] ?? 0)
    expect([more('SET'), more('GET'), more('LPUSH')]).toEqual([1, 1, 1])
    expect(after.connections.accepted - before.connections.accepted).toBe(1)
    expect(after.connections).toMatchObject({ open: 1, toServer: 1 })
  })

  test('bytes are counted in each direction', async () => {
    const client = await at.rawClient()
    const before = await at.proxy.counts()
    client.send('ECHO hello')
    await client.receives('hello')
    const { bytes } = await at.proxy.counts()
    expect(bytes.up - before.bytes.up).toBe('*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n'.length)
    expect(bytes.down - before.bytes.down).toBe('$5\r\nhello\r\n'.length)
  })

  test('a large value is unchanged in both directions', async () => {
    const client = await at.client()
    const value = Buffer.alloc(5_000_000, 'abc\r\n$7\r\n')
    await client.set('key', value)
    expect((await client.getBuffer('key'))?.equals(value)).toBe(true)
  })
})

describe('delay', () => {
  test('of replies does not delay the execution of the command', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 200, direction: 'down' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
    expect(await reply).toBe('OK')
  })

  test('of commands delays the execution of the command', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 1_000, direction: 'up' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await reply
    expect(await at.direct.get('key')).toBe('value')
  })

  test('of both directions adds up, with jitter', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 40, jitter: 10 })
    // A timer can fire a fraction of a millisecond early.
    expect(await timed(client.ping())).toBeGreaterThan(75)
  })

  test('ends with pass(), even for bytes in flight', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 60_000 })
    const replies = [client.set('key', 'first'), client.set('key', 'second')]
    expect(await isPending(Promise.all(replies))).toBe(true)
    await at.proxy.pass()
    expect(await Promise.all(replies)).toEqual(['OK', 'OK'])
    expect(await client.get('key')).toBe('second')
  })
})

describe('bandwidth', () => {
  test('is the requested one until pass()', async () => {
    await at.direct.set('key', 'x'.repeat(100_000))
    const client = await at.client()
    await at.proxy.limitBandwidth({ bytesPerSecond: 500_000 })
    const slow = await timed(client.get('key'))
    expect(slow).toBeGreaterThan(150)
    expect(slow).toBeLessThan(15_000)
    await at.proxy.limitBandwidth({ bytesPerSecond: 1_000 })
    const reply = client.get('key')
    expect(await isPending(reply)).toBe(true)
    await at.proxy.pass()
    expect(await reply).toHaveLength(100_000)
  })

  test('a small reply does not wait for a large reply on another connection', async () => {
    await at.direct.set('big', 'x'.repeat(100_000))
    const [one, other] = [await at.client(), await at.client()]
    await at.proxy.limitBandwidth({ bytesPerSecond: 20_000 })
    const big = one.get('big')
    await other.ping()
    expect(await isPending(big, 50)).toBe(true)
    await at.proxy.pass()
    expect(await big).toHaveLength(100_000)
  })
})

describe('a black hole', () => {
  test('for commands stops all commands, and the connection stays open', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('up')
    client.send('SET key value')
    expect(await isPending(client.receives('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await at.proxy.pass()
    client.send('SET key later')
    expect(await isPending(client.receives('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    expect(client.socket.closed).toBe(false)
  })

  test('for replies does not stop commands', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('down')
    client.send('SET key value')
    expect(await isPending(client.receives('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
  })

  test('does not affect new connections and connections without lost bytes after pass()', async () => {
    const idle = await at.rawClient()
    await at.proxy.blackHole('both')
    const unlucky = await at.rawClient()
    unlucky.send('PING')
    expect(await isPending(unlucky.receives('PONG'))).toBe(true)
    await at.proxy.pass()
    idle.send('PING')
    await idle.receives('PONG')
    const client = await at.client()
    expect(await client.ping()).toBe('PONG')
  })

  test('that delays bytes delivers them in order after pass()', async () => {
    const client = await at.client()
    await at.proxy.blackHole('both', { bytes: 'delayed' })
    const replies = [client.set('key', 1), client.incr('key'), client.incr('key')]
    expect(await isPending(Promise.all(replies))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await at.proxy.pass()
    expect(await Promise.all(replies)).toEqual(['OK', 2, 3])
  })

  test('that changes its direction releases the first direction', async () => {
    const client = await at.client()
    await at.proxy.blackHole('up', { bytes: 'delayed' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply, 30)).toBe(true)
    await at.proxy.blackHole('down', { bytes: 'delayed' })
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
    await at.proxy.pass()
    expect(await reply).toBe('OK')
  })

  test('delays the end of a client until pass()', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('both')
    client.send('PING')
    client.socket.destroy()
    await client.closed()
    await eventually(listening).toBe(0)
    expect((await at.proxy.counts()).connections.toServer).toBe(1)
    await at.proxy.pass()
    await eventually(async () => (await at.proxy.counts()).connections.toServer).toBe(0)
  })
})

describe('new connections', () => {
  test('are accepted without a reply, while other connections work', async () => {
    const old = await at.client()
    await at.proxy.acceptButNeverAnswer()
    const fresh = await at.rawClient()
    fresh.send('PING')
    expect(await isPending(fresh.receives('PONG'))).toBe(true)
    expect((await at.proxy.counts()).connections).toMatchObject({ open: 2, toServer: 1 })
    expect(await old.ping()).toBe('PONG')
    await at.proxy.pass()
    fresh.send('PING')
    expect(await isPending(fresh.receives('PONG'))).toBe(true)
    const healed = await at.client()
    expect(await healed.ping()).toBe('PONG')
  })

  test('are refused while other connections work, and accepted on the same port after pass()', async () => {
    const old = await at.client()
    const { port } = at.proxy
    await at.proxy.refuse()
    await expect(at.rawClient()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await old.ping()).toBe('PONG')
    await at.proxy.pass()
    expect(at.proxy.port).toBe(port)
    const healed = await at.client()
    expect(await healed.ping()).toBe('PONG')
  })
})

describe('cut', () => {
  test('resets every connection on both sides', async () => {
    const clients = [await at.rawClient(), await at.rawClient()]
    for (const client of clients) client.send('PING')
    await Promise.all(clients.map((client) => client.receives('PONG')))
    await at.proxy.cut()
    await Promise.all(clients.map((client) => client.closed()))
    expect(clients.map(({ errorCode }) => errorCode)).toEqual(['ECONNRESET', 'ECONNRESET'])
    await eventually(async () => (await at.proxy.counts()).connections).toMatchObject({
      open: 0,
      toServer: 0,
    })
  })

  test('cut() also resets connections that get no replies', async () => {
    await at.proxy.acceptButNeverAnswer()
    const client = await at.rawClient()
    await eventually(listening).toBe(1)
    await at.proxy.cut()
    await client.closed()
    expect(client.errorCode).toBe('ECONNRESET')
  })

  test('lets a client connect again', async () => {
    const client = await at.client({ retryStrategy: () => 10 })
    await at.proxy.cut()
    expect(await client.ping()).toBe('PONG')
  })

  test('resets each connection after a number of reply bytes', async () => {
    await at.direct.set('key', 'x'.repeat(100))
    const old = await at.rawClient()
    old.send('PING')
    await old.receives('PONG')
    old.forget()
    await at.proxy.cutAfter({ bytes: 25 })
    for (const client of [old, await at.rawClient()]) {
      client.send('PING', 'GET key', 'PING')
      await eventually(() => client.socket.readableEnded || client.socket.closed).toBe(true)
      expect(client.received).toBe(`+PONG\r\n$100\r\n${'x'.repeat(12)}`)
      // If this process was too slow to read the reset, a write detects it.
      client.send('PING')
      await client.closed()
      expect(['ECONNRESET', 'EPIPE']).toContain(client.errorCode)
    }
    await at.proxy.pass()
    const healed = await at.client()
    expect(await healed.get('key')).toHaveLength(100)
  })

  test('stops the countdown at pass()', async () => {
    const client = await at.rawClient()
    await at.proxy.cutAfter({ bytes: 10 })
    client.send('PING')
    await client.receives('PONG')
    await at.proxy.pass()
    client.send('ECHO hello')
    await client.receives('hello')
    client.send('ECHO again')
    await client.receives('again')
    expect(client.errorCode).toBeUndefined()
  })
})

describe('slices', () => {
  test('split a reply into many chunks, which clients read as one reply', async () => {
    await at.direct.set('key', 'value'.repeat(20))
    const [raw, client] = [await at.rawClient(), await at.client()]
    await at.proxy.slice({ bytes: 10, pauseMilliseconds: 20 })
    raw.send('GET key')
    await raw.receives(`$100\r\n${'value'.repeat(20)}\r\n`)
    // A slow reader can receive several pieces as one.
    expect(raw.chunks.length).toBeGreaterThan(2)
    for (const chunk of raw.chunks.slice(0, -1)) expect(chunk.length % 10).toBe(0)
    await at.proxy.slice({ bytes: 1, pauseMilliseconds: 0 })
    expect(await client.mget('key', 'other')).toEqual(['value'.repeat(20), null])
    await at.proxy.pass()
    raw.forget()
    raw.send('GET key')
    await raw.receives('value')
    expect(raw.chunks).toHaveLength(1)
  })
})

describe('faults at the same time', () => {
  test('combine delay, bandwidth and slices', async () => {
    await at.direct.set('key', 'value'.repeat(1_000))
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 20 })
    await at.proxy.limitBandwidth({ bytesPerSecond: 100_000 })
    await at.proxy.slice({ bytes: 7 })
    const startedAt = performance.now()
    expect(await client.get('key')).toBe('value'.repeat(1_000))
    expect(performance.now() - startedAt).toBeGreaterThan(60)
  })

  test('combine a black hole for replies and refused connections', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('down', { bytes: 'delayed' })
    await at.proxy.refuse()
    client.send('PING')
    await expect(at.rawClient()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await isPending(client.receives('PONG'))).toBe(true)
    await at.proxy.pass()
    await client.receives('PONG')
  })
})

describe('invalid arguments', () => {
  test.each([
    ['a negative delay', () => at.proxy.delay({ milliseconds: -1 })],
    ['no bandwidth', () => at.proxy.limitBandwidth({ bytesPerSecond: 0 })],
    ['slices of nothing', () => at.proxy.slice({ bytes: 0 })],
    ['the zeroth command', () => at.proxy.holdReply({ command: 'GET', nth: 0 })],
    ['an error of two lines', () => at.proxy.answerWithError({ error: 'ERR one\r\n+OK' })],
  ])('%s', async (_name, order) => {
    await expect(order()).rejects.toThrow(TypeError)
  })
})
