import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createServer, type Server } from 'node:tls'
import { promisify } from 'node:util'
import { freePort, type RedisServer, startRedis } from '@verbatim/test-support'
import { type Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRedisClient } from '../../src/connection/clients.js'
import { checkLocation } from '../../src/connection/location.js'
import { connectInChild } from './in-child.js'
import { openConnection } from './open-connection.js'

let folder: string
let redis: RedisServer
let port: number
const file = (name: string): string => path.join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'verbatim-tls-'))
  await makeCertificates()
  port = await freePort()
  redis = await startRedis(
    ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-ca-cert-file', file('ca.crt')],
    ...['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')],
  )
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true })
})

/** Creates an unknown authority, and a certificate by it for `localhost` and 127.0.0.1. */
async function makeCertificates(): Promise<void> {
  const openssl = (...words: string[]): Promise<unknown> =>
    promisify(execFile)('openssl', words, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-addext', 'basicConstraints=critical,CA:TRUE']
  await openssl(
    ...['req', '-x509', ...key, '-subj', '/CN=test', ...authority],
    ...['-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2'],
  )
  await openssl('req', ...key, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr')
  await writeFile(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  await openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key'],
    ...['-CAcreateserial', '-extfile', 'names', '-days', '2', '-out', 'server.crt'],
  )
}

test.each(['localhost', '127.0.0.1'])('a server with a good certificate: %s', async (host) => {
  const child = await connectInChild({ redisUrl: `rediss://${host}:${port}` }, file('ca.crt'))
  expect(child.connected).toBe(true)
  await child.end()
})

test('a certificate by an unknown authority is refused', async () => {
  const connection = openConnection({ redisUrl: `rediss://localhost:${port}` })
  expect(await connection.connect()).toBe(false)
  expect(connection.lastErrorCode).toBe('SELF_SIGNED_CERT_IN_CHAIN')
})

test('a client that was handed in keeps its own settings', async () => {
  const client = new Redis({ host: '127.0.0.1', port, tls: { ca: await readFile(file('ca.crt')) } })
  client.on('error', () => {})
  const connection = openConnection({ client })
  expect(await connection.connect()).toBe(true)
  client.disconnect()
})

test('plain text to a port for TLS: the cache does without', async () => {
  const connection = openConnection({ redisUrl: `redis://localhost:${port}` })
  expect(await connection.connect()).toBe(false)
})

test.each(['server', 'sentinel', 'Cluster'])(
  'a %s that is reached by name gets the name',
  async (kind) => {
    const requested: string[] = []
    const server = await listen((name) => requested.push(name))
    const url = `rediss://localhost:${(server.address() as AddressInfo).port}`
    const connection = openConnection(
      kind === 'server'
        ? { redisUrl: url }
        : kind === 'sentinel'
          ? { sentinel: { name: 'cache', urls: [url] } }
          : { cluster: { urls: [url] } },
    )
    void connection.connect()
    await vi.waitFor(() => expect(requested).toContain('localhost'), { timeout: 3_000 })
    await connection.close()
    server.close()
  },
)

async function listen(onServerName: (name: string) => void): Promise<Server> {
  const server = createServer({
    key: await readFile(file('server.key')),
    cert: await readFile(file('server.crt')),
    SNICallback: (name, done) => {
      onServerName(name)
      done(null)
    },
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return server
}

test('servers that the client finds get their names too', () => {
  const urls = ['rediss://first']
  const cluster = createRedisClient(checkLocation({ cluster: { urls } }), 200) as Cluster
  const sentinel = createRedisClient(
    checkLocation({ sentinel: { name: 'cache', urls, tls: true } }),
    200,
  ) as Redis
  for (const [host, tls] of [
    ['found', { servername: 'found' }],
    ['10.0.0.1', {}],
    ['fd00::1', {}],
  ] as const) {
    const asNode = cluster.options.natMap as (address: string) => unknown
    expect(asNode(`${host}:7`)).toEqual({ host, port: 7, tls })
    const asServer = sentinel.options.natMap as (address: string) => unknown
    expect(asServer(`${host}:7`)).toEqual({ host, port: 7, ...tls })
  }
})
