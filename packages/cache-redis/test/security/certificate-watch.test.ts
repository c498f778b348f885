import { copyFile } from 'node:fs/promises'
import { EventHub, Reporter } from '@verbatim/cache-core/implement'
import { Certificates, type RedisServer, recordingLogger } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RedisCacheEvents } from '../../src/events.js'
import { createClient, GenericRedisCache, SecurityConfig } from '../../src/index.js'
import { CertificateWatch } from '../../src/security/certificate-watch.js'

const MS_PER_DAY = 86_400_000

let certificates: Certificates
let redis: RedisServer
let admin: Redis
let tlsPort: number
const file = (name: string): string => certificates.file(name)

beforeAll(async () => {
  certificates = await Certificates.create()
  // The authority is valid for 10 days.
  await certificates.authority('root')
  await certificates.issue('server', 'root', { until: 20 })
  await certificates.issue('client', 'root', { until: 5 })
  await certificates.issue('long', 'root', { until: 100 })
  ;({ redis, tlsPort } = await certificates.startServer())
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await certificates[Symbol.asyncDispose]()
})

describe('a cache with TLS', () => {
  test('reports the certificates of the server, the client and the authority once when they expire soon', async () => {
    const logger = recordingLogger()
    await using cache = new GenericRedisCache({
      redisUrl: `rediss://localhost:${tlsPort}`,
      ...{ logger, commandTimeout: 5_000, onBackendError: 'throw' },
      securityConfig: {
        ...{ tlsCaPath: file('root.crt'), tlsCertPath: file('client.crt') },
        tlsKeyPath: file('client.key'),
      },
    })
    const reported: RedisCacheEvents['certificate_expires'][0][] = []
    cache.on('certificate_expires', (certificate) => reported.push(certificate))
    await cache.connect({ required: true })
    expect(reported).toMatchObject([
      { of: 'server', subject: 'CN=server', daysLeft: 19 },
      { of: 'client', subject: 'CN=client', daysLeft: 4 },
      { of: 'authority', subject: 'CN=root', daysLeft: 9 },
    ])
    expect(logger.lines.filter((line) => line.includes('certificate'))).toEqual([
      expect.stringMatching(/^warn The certificate of the server expires in 19 days, at /),
      expect.stringMatching(/^warn The certificate of the client expires in 4 days, at /),
      expect.stringMatching(/^warn The certificate of an authority expires in 9 days, at /),
    ])

    const connected = vi.fn()
    cache.on('connected', connected)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await vi.waitFor(async () => {
      await cache.set('key', 1).catch(() => undefined)
      expect(connected).toHaveBeenCalled()
    }, 20_000)
    expect(reported).toHaveLength(3)
  })

  test('reports files that cannot be used once, and uses the last ones', async () => {
    await copyFile(file('long.crt'), file('used.crt'))
    await copyFile(file('long.key'), file('used.key'))
    await using cache = new GenericRedisCache({
      redisUrl: `rediss://localhost:${tlsPort}`,
      ...{ logger: recordingLogger(), commandTimeout: 5_000 },
      securityConfig: {
        ...{ tlsCaPath: file('root.crt'), tlsCertPath: file('used.crt') },
        tlsKeyPath: file('used.key'),
      },
    })
    const errors: Error[] = []
    cache.on('certificate_file_error', (error) => errors.push(error))
    await cache.connect({ required: true })
    await copyFile(file('client.key'), file('used.key'))
    const connected = vi.fn()
    cache.on('connected', connected)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await vi.waitFor(() => expect(connected).toHaveBeenCalled(), 20_000)
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('securityConfig.tlsKeyPath must be the key of the certificate'),
    ])
  })
})

test('a certificate is reported at 30, 7 and 1 days, once for each', () => {
  const events = new EventHub<RedisCacheEvents>()
  const reported: number[] = []
  events.on('certificate_expires', ({ daysLeft }) => reported.push(daysLeft))
  const config = new SecurityConfig({ tlsCertPath: file('long.crt'), tlsKeyPath: file('long.key') })
  const end = Date.parse(config.ownCertificates[0]?.validTo ?? '')
  let daysBefore = 31
  const client = createClient({ redisUrl: `rediss://localhost:${tlsPort}` }, 1_000)
  const watch = new CertificateWatch({
    ...{ client, config, events, reporter: new Reporter({ logger: recordingLogger() }) },
    now: () => end - daysBefore * MS_PER_DAY,
  })
  for (daysBefore of [31, 30, 29, 7.5, 7, 6, 1.5, 1, 0.5, -1]) watch.check()
  watch.close()
  client.disconnect()
  expect(reported).toEqual([30, 7, 1])
})

test('a certificate that is found on its last day is reported once', () => {
  const events = new EventHub<RedisCacheEvents>()
  const reported: number[] = []
  events.on('certificate_expires', ({ daysLeft }) => reported.push(daysLeft))
  const config = new SecurityConfig({ tlsCertPath: file('long.crt'), tlsKeyPath: file('long.key') })
  const end = Date.parse(config.ownCertificates[0]?.validTo ?? '')
  const client = createClient({ redisUrl: `rediss://localhost:${tlsPort}` }, 1_000)
  const watch = new CertificateWatch({
    ...{ client, config, events, reporter: new Reporter({ logger: recordingLogger() }) },
    now: () => end - MS_PER_DAY / 2,
  })
  watch.check()
  watch.check()
  watch.close()
  client.disconnect()
  expect(reported).toEqual([0])
})
