import { inspect } from 'node:util'
import {
  Certificates,
  freePort,
  type RedisServer,
  startRedisCluster,
  startRedisSentinel,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  GenericRedisCache,
  type GenericRedisCacheOptions,
  RedisCacheSecurityManager,
  type SecurityConfigOptions,
  type SecurityValidationResult,
} from '../../src/index.js'
import { ROLES } from '../../src/security/permissions.js'

const PASSWORD = 'canary-of-a-long-password'

let certificates: Certificates
let redis: RedisServer
let admin: Redis
let tlsPort: number
const file = (name: string): string => certificates.file(name)

beforeAll(async () => {
  certificates = await Certificates.create()
  await certificates.authority('root')
  await certificates.issue('server', 'root', { until: 200 })
  await certificates.issue('soon', 'root', { until: 20 })
  await certificates.issue('expired', 'root', { from: -9, until: -1 })
  ;({ redis, tlsPort } = await certificates.startServer('--tls-auth-clients', 'no'))
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await certificates[Symbol.asyncDispose]()
})

async function validate(
  options: GenericRedisCacheOptions,
): Promise<SecurityValidationResult | undefined> {
  const cache = new GenericRedisCache({ commandTimeout: 1_000, ...options })
  try {
    return await cache.validateSecurity()
  } finally {
    await cache.close()
  }
}

const idsIn = (result: SecurityValidationResult | undefined): (string | undefined)[] =>
  result?.findings.map(({ id }) => id) ?? []

/** Gives Redis a user with few permissions, and closes it to strangers, while a task runs. */
async function hardened<T>(rules: readonly string[], task: () => Promise<T>): Promise<T> {
  const rights = ['~cache:*', '&__redis__:invalidate', ...rules]
  await admin.call('ACL', 'SETUSER', 'cache', 'reset', 'on', `>${PASSWORD}`, ...rights)
  await admin.call('ACL', 'SETUSER', 'default', 'resetpass', `>${PASSWORD}`)
  try {
    return await task()
  } finally {
    await admin.call('ACL', 'SETUSER', 'default', 'nopass')
  }
}

const NEEDED = ROLES.data.commands
  .filter((name) => !name.startsWith('acl|'))
  .map((name) => `+${name}`)
const FEW = ['-@all', ...NEEDED, '+acl|whoami', '+acl|dryrun']
const login = { aclUsername: 'cache', aclPassword: PASSWORD }

describe('the validation of a live connection', () => {
  test('finds a Redis with its default settings insecure', async () => {
    const result = await validate({ redisUrl: redis.url })
    expect(result?.isSecure).toBe(false)
    expect(idsIn(result)).toEqual([
      ...['OPEN_DEFAULT_USER', 'DEFAULT_USER', 'DANGEROUS_COMMANDS', 'ALL_KEYS'],
      'PLAIN_TEXT_ON_LOOPBACK',
    ])
    expect(result?.servers).toMatchObject([{ transport: 'loopback', user: 'default' }])
    expect(result?.servers[0]?.dangerousCommands).toContain('FLUSHALL')
  })

  test('finds a Redis that is open to other machines worse', async () => {
    await admin.config('SET', 'protected-mode', 'no')
    try {
      const result = await validate({ redisUrl: redis.url })
      expect(idsIn(result).slice(0, 2)).toEqual(['OPEN_DEFAULT_USER', 'PROTECTED_MODE_OFF'])
      expect(result?.score).toBe(0)
    } finally {
      await admin.config('SET', 'protected-mode', 'yes')
    }
  })

  test('finds a user with few permissions on this machine secure', async () => {
    const result = await hardened(FEW, () =>
      validate({ redisUrl: redis.url, securityConfig: login }),
    )
    expect(idsIn(result)).toEqual(['PLAIN_TEXT_ON_LOOPBACK'])
    expect(result).toMatchObject({ isSecure: true, score: 100 })
    expect(result?.servers).toMatchObject([{ user: 'cache', dangerousCommands: [] }])
  })

  test('names the dangerous commands that a user may run', async () => {
    const result = await hardened([...FEW, '+flushall', '+keys'], () =>
      validate({ redisUrl: redis.url, securityConfig: login }),
    )
    expect(result?.servers[0]?.dangerousCommands).toEqual(['FLUSHALL', 'KEYS'])
    expect(result).toMatchObject({ isSecure: true, score: 90 })
  })

  test.each([
    ['USER_NOT_VISIBLE', FEW.slice(0, -2)],
    ['PERMISSIONS_NOT_VISIBLE', FEW.slice(0, -1)],
  ])('reports %s for a user with fewer rights', async (id, rules) => {
    const result = await hardened(rules, () =>
      validate({ redisUrl: redis.url, securityConfig: login }),
    )
    expect(idsIn(result)).toContain(id)
  })

  const validateTls = (
    security: SecurityConfigOptions,
  ): Promise<SecurityValidationResult | undefined> =>
    hardened(FEW, () =>
      validate({
        redisUrl: `rediss://localhost:${tlsPort}`,
        securityConfig: { ...login, ...security },
      }),
    )

  test('reports the negotiated TLS and the certificate', async () => {
    const result = await validateTls({ tlsCaPath: file('root.crt') })
    expect(result).toMatchObject({ isSecure: true, score: 100, findings: [] })
    expect(result?.servers).toMatchObject([
      {
        ...{ transport: 'tls', tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_256_GCM_SHA384' },
        certificate: { subject: 'server', issuer: 'root', daysLeft: 199, matchesName: true },
      },
    ])
  })

  test.each([
    ['soon', ['CERTIFICATE_EXPIRES'], true],
    ['expired', ['CERTIFICATE_NOT_VERIFIED', 'CERTIFICATE_EXPIRED'], false],
  ])('judges the dates of the certificate %s', async (name, ids, isSecure) => {
    const use = (certificate: string): Promise<unknown> =>
      admin.call(
        ...(['CONFIG', 'SET', 'tls-cert-file', file(`${certificate}.crt`)] as const),
        ...(['tls-key-file', file(`${certificate}.key`)] as const),
      )
    await use(name)
    try {
      const unverified = { verifyCertificates: false, allowUnverifiedCertificates: true }
      const result = await validateTls({
        tlsCaPath: file('root.crt'),
        ...(name === 'expired' && unverified),
      })
      expect(idsIn(result)).toEqual(ids)
      expect(result?.isSecure).toBe(isSecure)
    } finally {
      await use('server')
    }
  })

  test('finds a server that cannot be reached insecure', async () => {
    const redisUrl = `redis://127.0.0.1:${await freePort()}`
    const result = await validate({ redisUrl, commandTimeout: 50 })
    expect(idsIn(result)).toEqual(['NOT_CONNECTED'])
    expect(result?.isSecure).toBe(false)
  })

  test('covers every master of a Cluster', async () => {
    const cluster = await startRedisCluster()
    try {
      const result = await validate({ cluster: { urls: cluster.urls } })
      const ports = result?.servers.map(({ server }) => Number(server.split(':')[1]))
      expect(new Set(ports)).toEqual(new Set(cluster.masters.map(({ port }) => port)))
      expect(result?.score).toBe(30)
    } finally {
      await cluster.stop()
    }
  })

  test('covers the master and the sentinels', async () => {
    const sentinel = await startRedisSentinel()
    try {
      const { name, urls } = sentinel
      const result = await validate({ sentinel: { name, urls } })
      expect(result?.servers.map(({ role }) => role)).toEqual([
        ...['server', 'sentinel', 'sentinel', 'sentinel'],
      ])
    } finally {
      await sentinel.stop()
    }
  })

  test('is absent for a cache that is memory only', async () => {
    expect(await validate({})).toBeUndefined()
  })
})

describe('the manager', () => {
  test('returns a report, a status and recommendations of the last validation', async () => {
    const manager = new RedisCacheSecurityManager(login)
    expect(manager.generateSecurityReport()).toContain('No connection was validated yet')
    expect(manager.getSecurityStatus()).toEqual({
      ...{ securityLevel: 'MEDIUM', hasAuthentication: true, tlsEnabled: false },
      certificateVerification: true,
    })
    const result = await hardened([...FEW, '+keys'], () =>
      manager.testSecurityConfiguration(redis.url),
    )
    expect(manager.getSecurityStatus().lastValidation).toBe(result)
    expect(manager.getSecurityRecommendations()[0]).toContain('cache-redis security acl')
    const report = manager.generateSecurityReport()
    expect(report).toContain('SECURE, score 90 of 100')
    expect(report).toContain('WARNING DANGEROUS_COMMANDS')
    expect(report + inspect([manager, result], { depth: 9 })).not.toContain(PASSWORD)
  })

  test('reports a login that Redis refuses, without the password', async () => {
    const manager = new RedisCacheSecurityManager({ aclUsername: 'nobody', aclPassword: PASSWORD })
    const connecting = manager.createSecureConnection(redis.url)
    await expect(connecting).rejects.toThrow('did not accept a connection')
    const result = await manager.testSecurityConfiguration(redis.url)
    expect(idsIn(result)).toEqual(['NOT_CONNECTED'])
    expect(inspect(result, { depth: 9 })).not.toContain(PASSWORD)
  })
})
