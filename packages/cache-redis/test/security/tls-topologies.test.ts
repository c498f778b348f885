import {
  Certificates,
  type RedisCluster,
  type RedisSentinel,
  startRedisCluster,
  startRedisSentinel,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  GenericRedisCache,
  type GenericRedisCacheOptions,
  type SecurityConfigOptions,
} from '../../src/index.js'

let certificates: Certificates
let cluster: RedisCluster
let group: RedisSentinel
const file = (name: string): string => certificates.file(name)

beforeAll(async () => {
  certificates = await Certificates.create()
  for (const name of ['root', 'other']) await certificates.authority(name)
  await Promise.all([
    certificates.issue('server', 'root'),
    certificates.issue('client', 'root'),
    certificates.issue('unknown-client', 'other'),
    certificates.issue('expired', 'root', { from: -9, until: -1 }),
    certificates.issue('early', 'root', { from: 1 }),
  ])
  const tls = certificates.serverTls
  ;[cluster, group] = await Promise.all([startRedisCluster({ tls }), startRedisSentinel({ tls })])
}, 60_000)
afterAll(async () => {
  await Promise.all([cluster.stop(), group.stop()])
  await certificates[Symbol.asyncDispose]()
})

interface Case {
  /** The certificate of the servers; sentinels keep theirs. Default: `server`. */
  readonly server?: string
  readonly settings?: Readonly<Record<string, string>>
  readonly security?: () => SecurityConfigOptions
  /** Whether the URLs are `redis://`. */
  readonly isPlain?: boolean
  /** `'connected'`, or the code of the error. */
  readonly expected: string | RegExp
  /** Whether the sentinels refuse too, so that the client finds no master. The code names the reason as well. */
  readonly isOfSentinels?: boolean
}

const withClient =
  (name: string, more: SecurityConfigOptions = {}) =>
  (): SecurityConfigOptions => ({
    ...{ tlsCaPath: file('root.crt'), tlsCertPath: file(`${name}.crt`) },
    ...{ tlsKeyPath: file(`${name}.key`), ...more },
  })

/** The servers and the sentinels ask every client for a certificate. */
const CASES: Readonly<Record<string, Case>> = {
  'trusted authority, client certificate given': { expected: 'connected' },
  'another authority': {
    isOfSentinels: true,
    security: withClient('client', { tlsCaPath: undefined }),
    expected: /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  },
  'another name': {
    isOfSentinels: true,
    security: withClient('client', { serverName: 'redis.example.org' }),
    expected: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  'expired certificate of the servers': { server: 'expired', expected: 'CERT_HAS_EXPIRED' },
  'certificate of the servers that is not yet valid': {
    ...{ server: 'early', expected: 'CERT_NOT_YET_VALID' },
  },
  'no client certificate': {
    isOfSentinels: true,
    security: () => ({ tlsCaPath: file('root.crt') }),
    expected: /ALERT|ECONNRESET|EPIPE|CONNECTION_LOST/,
  },
  'client certificate by another authority': {
    isOfSentinels: true,
    security: withClient('unknown-client'),
    expected: /ALERT|ECONNRESET|EPIPE|CONNECTION_LOST/,
  },
  'servers with TLS 1.2 only, at least 1.3 required': {
    settings: { 'tls-protocols': 'TLSv1.2' },
    security: withClient('client', { minTlsVersion: 'TLSv1.3' }),
    expected: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
  },
  'plain text to ports for TLS': {
    ...{ isPlain: true, security: () => ({}), isOfSentinels: true },
    // A sentinel may close the connection without an error, so that no reason is known.
    expected: /ECONNRESET|EPIPE|CONNECTION_LOST|^NO_MASTER$/,
  },
}

async function configure({ server = 'server', settings }: Case): Promise<void> {
  const all = {
    ...{ 'tls-cert-file': file(`${server}.crt`), 'tls-key-file': file(`${server}.key`) },
    'tls-protocols': '',
    ...settings,
  }
  for (const { url } of [...cluster.masters, ...group.servers]) {
    const admin = new Redis(url)
    await admin.call('CONFIG', 'SET', ...Object.entries(all).flat())
    admin.disconnect()
  }
}

const TOPOLOGIES: readonly (readonly [
  name: string,
  location: (isPlain: boolean) => GenericRedisCacheOptions,
])[] = [
  ['Cluster', (isPlain) => ({ cluster: { urls: urlsOf(cluster, isPlain) } })],
  [
    'Sentinel',
    (isPlain) => ({ sentinel: { name: group.name, urls: urlsOf(group, isPlain), tls: !isPlain } }),
  ],
]

function urlsOf({ urls }: { readonly urls: readonly string[] }, isPlain: boolean): string[] {
  return urls.map((url) => (isPlain ? url.replace('rediss:', 'redis:') : url))
}

async function outcomeOf(
  each: Case,
  location: (isPlain: boolean) => GenericRedisCacheOptions,
): Promise<string> {
  await configure(each)
  const cache = new GenericRedisCache({
    ...location(each.isPlain === true),
    securityConfig: (each.security ?? withClient('client'))(),
    ...{ commandTimeout: 500, onBackendError: 'throw' },
  })
  try {
    if (!(await cache.connect())) return cache.getStats().redis.lastErrorCode ?? 'no code'
    await cache.set('key', each.expected)
    return (await cache.get('key')) === undefined ? 'lost' : 'connected'
  } finally {
    await cache.close()
  }
}

describe.each(TOPOLOGIES)('with TLS, a %s', (topology, location) => {
  test('accepts and refuses as expected in every case', async () => {
    const rows: string[] = []
    const wrong: string[] = []
    for (const [name, each] of Object.entries(CASES)) {
      const outcome = await outcomeOf(each, location)
      const isOfSentinels = topology === 'Sentinel' && each.isOfSentinels === true
      const { expected } = each
      const code = isOfSentinels ? outcome.replace(/^NO_MASTER /, '') : outcome
      const isExpected = expected instanceof RegExp ? expected.test(code) : expected === code
      const namesSentinels = outcome.startsWith('NO_MASTER') === isOfSentinels
      if (!isExpected || !namesSentinels) wrong.push(`${name}: ${outcome}`)
      const shown = outcome === 'connected' ? outcome : `refused: ${outcome}`
      rows.push(`| ${topology}: ${name} | ${shown} |`)
    }
    if (process.env['PRINT_TLS_MATRIX']) process.stdout.write(`${rows.join('\n')}\n`)
    expect(wrong).toEqual([])
  }, 120_000)
})
