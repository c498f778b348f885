import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { createSecureContext, createServer, type Server } from 'node:tls'
import { Certificates, LOCAL, type RedisServer } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRedisClient } from '../../src/connection/clients.js'
import { errorCodeOf } from '../../src/connection/connection-errors.js'
import { checkLocation } from '../../src/connection/location.js'
import { SecurityConfig, type SecurityConfigOptions } from '../../src/index.js'
import { secureLocation } from '../../src/security/secure-location.js'

let certificates: Certificates
let redis: RedisServer
let admin: Redis
let tlsPort: number
let nameServer: Server
const file = (name: string): string => certificates.file(name)

beforeAll(async () => {
  certificates = await Certificates.create()
  for (const name of ['root', 'other']) await certificates.authority(name)
  const clientUse = 'extendedKeyUsage=clientAuth'
  await certificates.issue('intermediate', 'root', {
    extensions: 'basicConstraints=critical,CA:TRUE',
  })
  await Promise.all([
    certificates.issue('server', 'root'),
    certificates.issue('self', 'self'),
    certificates.issue('stranger', 'other'),
    certificates.issue('elsewhere', 'root', { extensions: 'subjectAltName=DNS:redis.example.org' }),
    certificates.issue('expired', 'root', { from: -9, until: -1 }),
    certificates.issue('early', 'root', { from: 1 }),
    certificates.issue('below', 'intermediate'),
    certificates.issue('purpose', 'root', { extensions: `${LOCAL}\n${clientUse}` }),
    certificates.issue('client', 'root', { extensions: clientUse }),
    certificates.issue('unknown-client', 'other', { extensions: clientUse }),
    certificates.issue('expired-client', 'root', { extensions: clientUse, from: -9, until: -1 }),
    ...['a', 'b'].map((name) =>
      certificates.issue(`name-${name}`, 'root', { extensions: `subjectAltName=DNS:${name}.test` }),
    ),
  ])
  await certificates.bundle('chain', 'below', 'intermediate')
  await certificates.bundle('roots', 'other', 'root')
  await certificates.encryptKey('client', 'locked', 'a passphrase')
  ;({ redis, tlsPort } = await certificates.startServer('--tls-auth-clients', 'no'))
  admin = new Redis(redis.url)
  nameServer = await listen()
})
afterAll(async () => {
  nameServer.close()
  admin.disconnect()
  await redis.stop()
  await certificates[Symbol.asyncDispose]()
})

/** Listens with a certificate for the name that a client asks for, before the plain port of Redis. */
async function listen(): Promise<Server> {
  const contextOf = async (name: string): Promise<{ key: Buffer; cert: Buffer }> => ({
    key: await readFile(file(`${name}.key`)),
    cert: await readFile(file(`${name}.crt`)),
  })
  const [a, b] = [await contextOf('name-a'), await contextOf('name-b')]
  const server = createServer(
    {
      ...a,
      SNICallback: (name, done) => done(null, createSecureContext(name === 'b.test' ? b : a)),
    },
    (socket) => {
      const plain = connect(redis.port, '127.0.0.1')
      plain.pipe(socket).pipe(plain)
      plain.on('error', () => {})
      socket.on('error', () => {})
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

interface Case {
  /** The certificate of the server and its key. Default: `server`. */
  readonly server?: string
  /** The key of the server, if it has another name. */
  readonly key?: string
  readonly settings?: Readonly<Record<string, string>>
  readonly host?: string
  readonly scheme?: string
  readonly port?: () => number
  readonly security?: () => SecurityConfigOptions
  readonly commandTimeoutMs?: number
  /** `'connected'`, or the code of the error. */
  readonly expected: string | RegExp
}

const trusting =
  (more: SecurityConfigOptions = {}) =>
  (): SecurityConfigOptions => ({
    tlsCaPath: file('root.crt'),
    ...more,
  })
const withCertificate = (name: string) => (): SecurityConfigOptions => ({
  tlsCaPath: file('root.crt'),
  tlsCertPath: file(`${name}.crt`),
  tlsKeyPath: file(`${name}.key`),
})
const mutual = { 'tls-auth-clients': 'yes' }
const only = (version: string): Record<string, string> => ({ 'tls-protocols': version })
const namesPort = (): number => (nameServer.address() as AddressInfo).port
const WEAK = 'ECDHE-ECDSA-AES128-SHA'
const weak = { ...only('TLSv1.2'), 'tls-ciphers': WEAK }

/** The alert of a server that refuses the certificate of a client. In TLS 1.3 it may come as a reset. */
const REFUSED = /ALERT|ECONNRESET|EPIPE|CONNECTION_LOST/
const NOT_TRUSTED =
  /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/

const CASES: Readonly<Record<string, Case>> = {
  'trusted authority, host name': { expected: 'connected' },
  'trusted authority, IP address': { host: '127.0.0.1', expected: 'connected' },
  'REDISS:// in capitals': { scheme: 'REDISS', expected: 'connected' },
  'redis:// with settings for TLS uses TLS': { scheme: 'redis', expected: 'connected' },
  'self-signed certificate': { server: 'self', expected: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  'authorities of Node only': { security: () => ({ useTls: true }), expected: NOT_TRUSTED },
  'certificate by another authority': { server: 'stranger', expected: NOT_TRUSTED },
  'certificate for another host': { server: 'elsewhere', expected: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  'certificate for another host, by IP address': {
    ...{ server: 'elsewhere', host: '127.0.0.1' },
    expected: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  'certificate for another host, named by serverName': {
    ...{ server: 'elsewhere', security: trusting({ serverName: 'redis.example.org' }) },
    expected: 'connected',
  },
  'expired certificate': { server: 'expired', expected: 'CERT_HAS_EXPIRED' },
  'certificate that is not yet valid': { server: 'early', expected: 'CERT_NOT_YET_VALID' },
  'certificate for clients only': { server: 'purpose', expected: 'INVALID_PURPOSE' },
  'client certificate required, none given': { settings: mutual, expected: REFUSED },
  'client certificate required and given': {
    ...{ settings: mutual, security: withCertificate('client') },
    expected: 'connected',
  },
  'client certificate with a passphrase': {
    settings: mutual,
    security: () => ({
      ...withCertificate('client')(),
      ...{ tlsKeyPath: file('locked.key'), tlsKeyPassphrase: 'a passphrase' },
    }),
    expected: 'connected',
  },
  'client certificate by another authority': {
    ...{ settings: mutual, security: withCertificate('unknown-client') },
    expected: REFUSED,
  },
  'expired client certificate': {
    ...{ settings: mutual, security: withCertificate('expired-client') },
    expected: REFUSED,
  },
  'bundle of two authorities': {
    security: () => ({ tlsCaPath: file('roots.crt') }),
    expected: 'connected',
  },
  'authority as bytes': {
    security: () => ({ tlsCa: '' }),
    expected: 'connected',
  },
  'intermediate certificate sent': { server: 'chain', key: 'below', expected: 'connected' },
  'intermediate certificate missing': {
    server: 'below',
    expected: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  },
  'server with TLS 1.2 only': { settings: only('TLSv1.2'), expected: 'connected' },
  'server with TLS 1.2 only, at least 1.3 required': {
    ...{ settings: only('TLSv1.2'), security: trusting({ minTlsVersion: 'TLSv1.3' }) },
    expected: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
  },
  'server with TLS 1.3 only': { settings: only('TLSv1.3'), expected: 'connected' },
  'server with TLS 1.0 only': {
    settings: { ...only('TLSv1'), 'tls-ciphers': 'DEFAULT@SECLEVEL=0' },
    expected: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
  },
  'server with TLS 1.1 only': {
    settings: { ...only('TLSv1.1'), 'tls-ciphers': 'DEFAULT@SECLEVEL=0' },
    expected: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
  },
  'server with a weak cipher only': { settings: weak, expected: /HANDSHAKE_FAILURE/ },
  'server with a weak cipher only, which cipherSuites allows': {
    ...{ settings: weak, security: trusting({ cipherSuites: WEAK }) },
    expected: 'connected',
  },
  'certificate by server name, first': {
    ...{ port: namesPort, security: trusting({ serverName: 'a.test' }) },
    expected: 'connected',
  },
  'certificate by server name, second': {
    ...{ port: namesPort, security: trusting({ serverName: 'b.test' }) },
    expected: 'connected',
  },
  'certificate by server name, unknown name': {
    ...{ port: namesPort, security: trusting({ serverName: 'c.test' }) },
    expected: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  'self-signed certificate, verification off': {
    server: 'self',
    security: () => ({ verifyCertificates: false, allowUnverifiedCertificates: true }),
    expected: 'connected',
  },
  'port for plain text': {
    port: () => redis.port,
    // The server waits for the rest of a command.
    ...{ commandTimeoutMs: 300, expected: 'ETIMEDOUT' },
  },
  'plain text to a port for TLS': {
    ...{ scheme: 'redis', security: () => ({}) },
    expected: REFUSED,
  },
}

const DEFAULT_SETTINGS = {
  ...{ 'tls-auth-clients': 'no', 'tls-protocols': '', 'tls-ciphers': 'DEFAULT' },
}

async function outcomeOf(each: Case): Promise<string> {
  const { server = 'server', settings, host = 'localhost', scheme = 'rediss' } = each
  const all = {
    ...DEFAULT_SETTINGS,
    'tls-cert-file': file(`${server}.crt`),
    'tls-key-file': file(`${each.key ?? server}.key`),
    ...settings,
  }
  await admin.call('CONFIG', 'SET', ...Object.entries(all).flat())
  const given = (each.security ?? trusting())()
  const security = given.tlsCa === '' ? { tlsCa: await readFile(file('root.crt')) } : given
  const redisUrl = `${scheme}://${host}:${each.port?.() ?? tlsPort}`
  const location = secureLocation(checkLocation({ redisUrl }), new SecurityConfig(security))
  const client = createRedisClient(location, each.commandTimeoutMs ?? 5_000) as Redis
  const failure = new Promise<string>((resolve) => {
    client.once('error', (error) => resolve(errorCodeOf(error)))
    client.once('close', () => setImmediate(resolve, 'CONNECTION_LOST'))
  })
  try {
    await client.connect().catch(() => undefined)
    // In TLS 1.3, a server refuses a client after the handshake of the client has ended.
    const reply = client.status === 'ready' ? client.ping() : failure
    return (await Promise.race([reply, failure])) === 'PONG' ? 'connected' : await failure
  } finally {
    client.disconnect()
    client.stream?.destroy()
  }
}

test('every case of the TLS matrix ends as expected', async () => {
  const rows: string[] = []
  const wrong: string[] = []
  for (const [name, each] of Object.entries(CASES)) {
    const outcome = await outcomeOf(each)
    const { expected } = each
    const isExpected = expected instanceof RegExp ? expected.test(outcome) : expected === outcome
    if (!isExpected) wrong.push(`${name}: ${outcome}`)
    const shown = outcome === 'connected' ? outcome : `refused: ${outcome}`
    rows.push(`| ${name} | ${shown} |`)
  }
  if (process.env['PRINT_TLS_MATRIX']) {
    process.stdout.write(`| case | result |\n| --- | --- |\n${rows.join('\n')}\n`)
  }
  expect(wrong).toEqual([])
  expect(rows.length).toBeGreaterThanOrEqual(24)
}, 60_000)
