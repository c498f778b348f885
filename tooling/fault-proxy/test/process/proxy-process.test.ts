import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { freePort, startRedis } from '@verbatim/test-support'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { startFaultProxy } from '../../src/fault-proxy.js'
import { encodeCommand, RawClient } from '../raw-client.js'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp()

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Starts a server that is not Redis. Returns its port. */
async function startServer(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

describe('the process of the proxy', () => {
  test('is a separate process that ends after close()', async () => {
    let pid: number | undefined
    let port = 0
    {
      await using proxy = await startFaultProxy({ target: at.redis.port })
      ;({ pid, port } = proxy)
      expect(pid).not.toBe(process.pid)
      expect(isAlive(pid)).toBe(true)
    }
    expect(isAlive(pid)).toBe(false)
    await expect(RawClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('ends after its parent was killed', async () => {
    const parent = spawn(
      process.execPath,
      // A file URL, because the tests can run in another folder.
      [
        '--import',
        import.meta.resolve('tsx'),
        fileURLToPath(new URL('./parent.ts', import.meta.url)),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [pid] = (await once(parent.stdout, 'data')).map(Number)
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await eventually(() => isAlive(pid)).toBe(false)
  })

  test('rejects requests after it has died, and can still be closed', async () => {
    const proxy = await startFaultProxy({ target: at.redis.port })
    const held = await proxy.holdReply({ command: 'GET' })
    process.kill(Number(proxy.pid), 'SIGKILL')
    await expect(proxy.counts()).rejects.toThrow('The fault proxy has ended')
    await proxy.close()
    await expect(held.reached).rejects.toThrow('Nothing was held')
    await expect(proxy.pass()).rejects.toThrow('The fault proxy has ended')
  })
})

describe('a server', () => {
  test('that does not exist breaks the connections and not the proxy', async () => {
    await using proxy = await startFaultProxy({ target: await freePort() })
    for (let attempt = 0; attempt < 3; attempt++) {
      // The reset can arrive so early that the connection seems to fail.
      const errorCode = RawClient.open(proxy.port).then(
        (client) => client.closed().then(() => client.errorCode),
        (error: NodeJS.ErrnoException) => error.code,
      )
      expect(await errorCode).toBe('ECONNRESET')
    }
    await eventually(async () => (await proxy.counts()).connections).toEqual({
      accepted: 3,
      open: 0,
      toServer: 0,
    })
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'that ends with %s and restarts is reachable again',
    async (signal) => {
      await using redis = await startRedis()
      await using proxy = await startFaultProxy({ target: redis.port })
      using client = await RawClient.open(proxy.port)
      client.send('PING')
      await client.receives('PONG')
      await redis.stop(signal)
      await eventually(() => client.socket.readableEnded || client.socket.closed).toBe(true)
      await redis.restart()
      using later = await RawClient.open(proxy.port)
      later.send('PING')
      await later.receives('PONG')
      expect((await proxy.counts()).connections.accepted).toBe(2)
    },
  )

  test('that ends its side still receives the bytes of the client', async () => {
    const received: string[] = []
    const port = await startServer((socket) => {
      socket.end('+BYE\r\n')
      socket.on('data', (bytes) => received.push(String(bytes)))
    })
    await using proxy = await startFaultProxy({ target: port })
    using client = await RawClient.open(proxy.port)
    await client.receives('+BYE\r\n')
    await eventually(() => client.socket.readableEnded).toBe(true)
    client.send('SET key value')
    await eventually(() => received.join('').length).toBeGreaterThan(0)
    expect(received.join('')).toBe(encodeCommand('SET key value'))
  })

  test('that resets in the middle of a reply transmits the first part to the client', async () => {
    const port = await startServer((socket) => {
      socket.end('$100\r\nonly this')
    })
    await using proxy = await startFaultProxy({ target: port })
    using client = await RawClient.open(proxy.port)
    await eventually(() => client.socket.readableEnded).toBe(true)
    expect(client.received).toBe('$100\r\nonly this')
  })
})

describe('a client', () => {
  test('that ends its side still receives its replies', async () => {
    const port = await startServer((socket) => {
      const received: Buffer[] = []
      socket.on('data', (bytes: Buffer) => received.push(bytes))
      socket.on('end', () => socket.end(`+${Buffer.concat(received).length}\r\n`))
    })
    await using proxy = await startFaultProxy({ target: port })
    using client = await RawClient.open(proxy.port)
    client.send('PING')
    // Half of a command, which is never completed.
    client.socket.end('*2\r\n$3\r\nG')
    await client.closed()
    expect(client.received).toBe(`+${encodeCommand('PING').length + 9}\r\n`)
    expect(client.errorCode).toBeUndefined()
  })

  test('that does not read pauses the server, and then receives all bytes', async () => {
    const times = 10
    const size = 5_000_000
    await at.direct.set('big', Buffer.alloc(size, 'x'))
    const client = await at.rawClient()
    client.socket.pause()
    const before = await at.proxy.counts()
    client.send(...Array.from({ length: times }, () => 'GET big'))
    const passedOn = async (): Promise<number> =>
      (await at.proxy.counts()).bytes.down - before.bytes.down
    await eventually(passedOn).toBeGreaterThanOrEqual(size)
    await isPending(new Promise(() => undefined), 200)
    expect(await passedOn()).toBeLessThan(4 * size)
    client.socket.resume()
    const received = (): number => client.chunks.reduce((sum, { length }) => sum + length, 0)
    await eventually(received).toBe(times * (size + `$${size}\r\n\r\n`.length))
  })

  test('that ends with many unread bytes leaves no connection', async () => {
    await at.direct.set('big', Buffer.alloc(5_000_000, 'x'))
    const client = await at.rawClient()
    client.socket.pause()
    const before = await at.proxy.counts()
    client.send(...Array.from({ length: 20 }, () => 'GET big'))
    await eventually(async () => (await at.proxy.counts()).bytes.down).toBeGreaterThan(
      before.bytes.down,
    )
    client.socket.destroy()
    const { accepted } = before.connections
    const left = async (): Promise<unknown> => (await at.proxy.counts()).connections
    await eventually(left).toMatchObject({ open: 0, toServer: 0 })
    expect(await left()).toEqual({ accepted, open: 0, toServer: 0 })
  })

  test('is paused if the server does not read', async () => {
    let reader: Socket | undefined
    let received = 0
    const port = await startServer((socket) => {
      reader = socket
      socket.on('data', ({ length }) => {
        received += length
      })
      socket.pause()
    })
    await using proxy = await startFaultProxy({ target: port })
    using client = await RawClient.open(proxy.port)
    const command = encodeCommand(`SET key ${'x'.repeat(1_000_000)}`)
    for (let count = 0; count < 50; count++) client.socket.write(command)
    await isPending(new Promise(() => undefined), 200)
    expect((await proxy.counts()).commands['SET']).toBeLessThan(25)
    reader?.resume()
    await eventually(() => received).toBe(50 * command.length)
  })

  test('leaves no connection after any sequence of actions', async () => {
    const before = await at.proxy.counts()
    await at.proxy.delay({ milliseconds: 5, jitter: 10 })
    const ends: ((client: RawClient) => unknown)[] = [
      (client) => client.socket.destroy(),
      (client) => client.socket.end(),
      (client) => client.socket.resetAndDestroy(),
      (client) => client.socket.end('*1\r\n$4\r\nPI'),
      (client) => client.socket.write('*1\r\n$nonsense\r\n'),
      (client) => client.send('QUIT'),
    ]
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const client = await at.rawClient()
        client.send('PING', 'SUBSCRIBE a', 'GET key')
        ends[index % ends.length]?.(client)
        client.socket.on('end', () => client.socket.end())
      }),
    )
    const left = async (): Promise<unknown> => (await at.proxy.counts()).connections
    const accepted = before.connections.accepted + 60
    await eventually(left).toEqual({ accepted, open: 0, toServer: 0 })
    expect(await left()).toEqual({ accepted, open: 0, toServer: 0 })
  })
})

test('all bytes arrive unchanged in both directions', async () => {
  const echo = await startServer((socket) => socket.pipe(socket))
  await using proxy = await startFaultProxy({ target: echo })
  const noise = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(noise, async (chunks) => {
      using client = await RawClient.open(proxy.port)
      for (const chunk of chunks) client.socket.write(chunk)
      client.socket.end()
      await client.closed()
      expect(Buffer.concat(client.chunks)).toEqual(Buffer.concat(chunks))
    }),
    { numRuns: 50 },
  )
})
