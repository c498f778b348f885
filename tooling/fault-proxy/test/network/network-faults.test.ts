import { describe, expect, test } from 'vitest'
import { eventually, isPending, setUp, timed } from '../set-up.js'

const at = setUp()

const listening = (): Promise<number> =>
  at.proxy.counts().then(({ connections }) => connections.open)

describe('without faults', () => {
  test('clients see the server as it is, and all is counted', async () => {
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

  test('bytes are counted each way', async () => {
    const client = await at.rawClient()
    const before = await at.proxy.counts()
    client.say('ECHO hello')
    await client.hears('hello')
    const { bytes } = await at.proxy.counts()
    expect(bytes.up - before.bytes.up).toBe('*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n'.length)
    expect(bytes.down - before.bytes.down).toBe('$5\r\nhello\r\n'.length)
  })

  test('a big value goes both ways unharmed', async () => {
    const client = await at.client()
    const value = Buffer.alloc(5_000_000, 'abc\r\n$7\r\n')
    await client.set('key', value)
    expect((await client.getBuffer('key'))?.equals(value)).toBe(true)
  })
})

describe('delay', () => {
  test('of replies: the command is carried out at once, the answer is late', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 200, direction: 'down' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
    expect(await reply).toBe('OK')
  })

  test('of commands: the server hears of it late', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 1_000, direction: 'up' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await reply
    expect(await at.direct.get('key')).toBe('value')
  })

  test('of both adds up, with jitter on top', async () => {
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 40, jitter: 10 })
    // A timer may be early by a fraction of a millisecond.
    expect(await timed(client.ping())).toBeGreaterThan(75)
  })

  test('ends with the heal, for what is under way too', async () => {
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
  test('is what was asked for, until healed', async () => {
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

  test('a small reply on another connection need not wait for a big one', async () => {
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
  test('for commands: the server hears nothing, and the connection stays open and silent', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('up')
    client.say('SET key value')
    expect(await isPending(client.hears('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await at.proxy.pass()
    client.say('SET key later')
    expect(await isPending(client.hears('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    expect(client.socket.closed).toBe(false)
  })

  test('for replies: commands are carried out', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('down')
    client.say('SET key value')
    expect(await isPending(client.hears('OK'))).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
  })

  test('after the heal, new connections and those that lost nothing work', async () => {
    const idle = await at.rawClient()
    await at.proxy.blackHole('both')
    const unlucky = await at.rawClient()
    unlucky.say('PING')
    expect(await isPending(unlucky.hears('PONG'))).toBe(true)
    await at.proxy.pass()
    idle.say('PING')
    await idle.hears('PONG')
    const client = await at.client()
    expect(await client.ping()).toBe('PONG')
  })

  test('that holds its bytes gives them back at the heal, in order', async () => {
    const client = await at.client()
    await at.proxy.blackHole('both', { meanwhile: 'held' })
    const replies = [client.set('key', 1), client.incr('key'), client.incr('key')]
    expect(await isPending(Promise.all(replies))).toBe(true)
    expect(await at.direct.get('key')).toBeNull()
    await at.proxy.pass()
    expect(await Promise.all(replies)).toEqual(['OK', 2, 3])
  })

  test('turned to the other direction lets the first one go', async () => {
    const client = await at.client()
    await at.proxy.blackHole('up', { meanwhile: 'held' })
    const reply = client.set('key', 'value')
    expect(await isPending(reply, 30)).toBe(true)
    await at.proxy.blackHole('down', { meanwhile: 'held' })
    expect(await isPending(reply)).toBe(true)
    expect(await at.direct.get('key')).toBe('value')
    await at.proxy.pass()
    expect(await reply).toBe('OK')
  })

  test('keeps from the server that a client went away, until healed', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('both')
    client.say('PING')
    client.socket.destroy()
    await client.closed()
    await eventually(listening).toBe(0)
    expect((await at.proxy.counts()).connections.toServer).toBe(1)
    await at.proxy.pass()
    await eventually(async () => (await at.proxy.counts()).connections.toServer).toBe(0)
  })
})

describe('new connections', () => {
  test('are accepted and never answered, while the others work', async () => {
    const old = await at.client()
    await at.proxy.acceptButNeverAnswer()
    const fresh = await at.rawClient()
    fresh.say('PING')
    expect(await isPending(fresh.hears('PONG'))).toBe(true)
    expect((await at.proxy.counts()).connections).toMatchObject({ open: 2, toServer: 1 })
    expect(await old.ping()).toBe('PONG')
    await at.proxy.pass()
    fresh.say('PING')
    expect(await isPending(fresh.hears('PONG'))).toBe(true)
    const healed = await at.client()
    expect(await healed.ping()).toBe('PONG')
  })

  test('are refused, while the others work; and come back on the same port', async () => {
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

describe('cutting', () => {
  test('resets every connection, on both sides', async () => {
    const clients = [await at.rawClient(), await at.rawClient()]
    for (const client of clients) client.say('PING')
    await Promise.all(clients.map((client) => client.hears('PONG')))
    await at.proxy.cut()
    await Promise.all(clients.map((client) => client.closed()))
    expect(clients.map(({ trouble }) => trouble)).toEqual(['ECONNRESET', 'ECONNRESET'])
    await eventually(async () => (await at.proxy.counts()).connections).toMatchObject({
      open: 0,
      toServer: 0,
    })
  })

  test('silent connections are cut, too', async () => {
    await at.proxy.acceptButNeverAnswer()
    const client = await at.rawClient()
    await eventually(listening).toBe(1)
    await at.proxy.cut()
    await client.closed()
    expect(client.trouble).toBe('ECONNRESET')
  })

  test('a client connects again', async () => {
    const client = await at.client({ retryStrategy: () => 10 })
    await at.proxy.cut()
    expect(await client.ping()).toBe('PONG')
  })

  test('after so many bytes of replies, on each connection', async () => {
    await at.direct.set('key', 'x'.repeat(100))
    const old = await at.rawClient()
    old.say('PING')
    await old.hears('PONG')
    old.forget()
    await at.proxy.cutAfter({ bytes: 25 })
    for (const client of [old, await at.rawClient()]) {
      client.say('PING', 'GET key', 'PING')
      await eventually(() => client.socket.readableEnded || client.socket.closed).toBe(true)
      expect(client.heard).toBe(`+PONG\r\n$100\r\n${'x'.repeat(12)}`)
      // Where this process was too slow to see the reset by itself, writing shows it.
      client.say('PING')
      await client.closed()
      expect(['ECONNRESET', 'EPIPE']).toContain(client.trouble)
    }
    await at.proxy.pass()
    const healed = await at.client()
    expect(await healed.get('key')).toHaveLength(100)
  })

  test('the countdown stops at the heal', async () => {
    const client = await at.rawClient()
    await at.proxy.cutAfter({ bytes: 10 })
    client.say('PING')
    await client.hears('PONG')
    await at.proxy.pass()
    client.say('ECHO hello')
    await client.hears('hello')
    client.say('ECHO again')
    await client.hears('again')
    expect(client.trouble).toBeUndefined()
  })
})

describe('slices', () => {
  test('make many chunks of one reply, and clients read them as one', async () => {
    await at.direct.set('key', 'value'.repeat(20))
    const [raw, client] = [await at.rawClient(), await at.client()]
    await at.proxy.slice({ bytes: 10, pauseMilliseconds: 20 })
    raw.say('GET key')
    await raw.hears(`$100\r\n${'value'.repeat(20)}\r\n`)
    // Several pieces may be read as one, where the reader is slow.
    expect(raw.chunks.length).toBeGreaterThan(2)
    for (const chunk of raw.chunks.slice(0, -1)) expect(chunk.length % 10).toBe(0)
    await at.proxy.slice({ bytes: 1, pauseMilliseconds: 0 })
    expect(await client.mget('key', 'other')).toEqual(['value'.repeat(20), null])
    await at.proxy.pass()
    raw.forget()
    raw.say('GET key')
    await raw.hears('value')
    expect(raw.chunks).toHaveLength(1)
  })
})

describe('faults at the same time', () => {
  test('delay, little bandwidth and slices', async () => {
    await at.direct.set('key', 'value'.repeat(1_000))
    const client = await at.client()
    await at.proxy.delay({ milliseconds: 20 })
    await at.proxy.limitBandwidth({ bytesPerSecond: 100_000 })
    await at.proxy.slice({ bytes: 7 })
    const startedAt = performance.now()
    expect(await client.get('key')).toBe('value'.repeat(1_000))
    expect(performance.now() - startedAt).toBeGreaterThan(60)
  })

  test('a black hole for replies, and refusing', async () => {
    const client = await at.rawClient()
    await at.proxy.blackHole('down', { meanwhile: 'held' })
    await at.proxy.refuse()
    client.say('PING')
    await expect(at.rawClient()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await isPending(client.hears('PONG'))).toBe(true)
    await at.proxy.pass()
    await client.hears('PONG')
  })
})

describe('orders that make no sense are refused', () => {
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
