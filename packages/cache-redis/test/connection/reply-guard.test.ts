import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { guardReplies } from '../../src/connection/reply-guard.js'

let server: Server
let sockets: Socket[]
const clients: Redis[] = []
const uncaught: unknown[] = []
const note = (error: unknown): unknown => uncaught.push(error)

beforeEach(async () => {
  sockets = []
  uncaught.length = 0
  process.on('uncaughtException', note)
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  process.off('uncaughtException', note)
  for (const client of clients.splice(0)) client.disconnect()
  for (const socket of sockets) socket.destroy()
  server.close()
})

async function connect(Client: typeof Redis): Promise<Redis> {
  const { port } = server.address() as { port: number }
  const client = new Client({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
  })
  client.on('error', () => {})
  clients.push(client)
  await client.connect()
  return client
}

const NONSENSE = ['$-1\r\n', '*-1\r\n', '*0\r\n', '!?\r\n', ':\r\n$-1\r\n', '*2\r\n$-1\r\n$-1\r\n']

describe.each<[string, typeof Redis]>([
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5 as unknown as typeof Redis],
])('a connection of %s', (_name, Client) => {
  test('that gets a reply to no command is closed, or stays, and the process goes on', async () => {
    for (const nonsense of NONSENSE) {
      const client = await connect(Client)
      guardReplies(client)
      sockets.at(-1)?.write(nonsense)
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.disconnect()
    }
    expect(uncaught).toEqual([])
  })

  test('that listens and gets nonsense is closed', async () => {
    for (const nonsense of ['$-1\r\n', '*1\r\n$-1\r\n', '*2\r\n$7\r\nmessage\r\n$-1\r\n']) {
      const client = await connect(Client)
      guardReplies(client)
      const subscribed = client.subscribe('channel').catch(() => undefined)
      sockets.at(-1)?.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n')
      await subscribed
      const closed = new Promise((resolve) => client.once('close', resolve))
      client.on('message', () => {})
      sockets.at(-1)?.write(nonsense)
      await closed
    }
    expect(uncaught).toEqual([])
  })

  test('is closed when a listener for its messages throws, and its owner gets an error', async () => {
    const client = await connect(Client)
    guardReplies(client)
    const subscribed = client.subscribe('channel')
    sockets.at(-1)?.write('*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n')
    await subscribed
    client.on('message', () => {
      throw new Error('of the owner')
    })
    const failure = once(client, 'error')
    sockets.at(-1)?.write('*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$1\r\nx\r\n')
    expect((await failure)[0]).toMatchObject({ code: 'BACKEND_MALFORMED_REPLY' })
    expect(uncaught).toEqual([])
  })

  test('is as it was before once the guard has stopped', async () => {
    const client = await connect(Client)
    const before = Object.keys(client.stream)
    const { nextTick } = process as { nextTick: unknown }
    const [first, second] = [guardReplies(client), guardReplies(client)]
    const pong = client.ping()
    sockets.at(-1)?.write('+PONG\r\n')
    expect(await pong).toBe('PONG')
    expect(first.receivedBytes).toBe(7)
    first.stop()
    expect(Object.hasOwn(client.stream, 'emit')).toBe(true)
    second.stop()
    expect(Object.keys(client.stream)).toEqual(before)
    expect((process as { nextTick: unknown }).nextTick).toBe(nextTick)
  })
})
