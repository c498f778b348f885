import { readFile, writeFile } from 'node:fs/promises'
import { format, inspect } from 'node:util'
import { ConfigurationError, Secret } from '@verbatim/cache-core'
import { Certificates } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createSecurityConfigFromEnv,
  GenericRedisCache,
  type GenericRedisCacheOptions,
  SecurityConfig,
  type SecurityConfigOptions,
} from '../../src/index.js'

const CANARY = 'canary-4711'

let certificates: Certificates
const file = (name: string): string => certificates.file(name)
beforeAll(async () => {
  certificates = await Certificates.create()
  await certificates.authority('root')
  await certificates.issue('client', 'root')
  await certificates.issue('other', 'root')
  await certificates.encryptKey('client', 'locked', CANARY)
  await writeFile(file('text.crt'), CANARY)
})
afterAll(() => certificates[Symbol.asyncDispose]())

function problemOf(options: object): string {
  try {
    return `accepted as ${new SecurityConfig(options).securityLevel}`
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('a security configuration', () => {
  const cert = (): SecurityConfigOptions => ({
    tlsCertPath: file('client.crt'),
    tlsKeyPath: file('client.key'),
  })
  const cases: Readonly<Record<string, readonly [() => object, string]>> = {
    'a user without a password': [() => ({ aclUsername: 'a' }), 'aclPassword must be set'],
    'a password without its user': [() => ({ aclPassword: CANARY }), 'aclUsername must be set'],
    'two passwords': [
      () => ({ redisAuth: CANARY, aclUsername: 'a', aclPassword: CANARY }),
      'redisAuth must be left out with aclUsername',
    ],
    'an empty password': [() => ({ redisAuth: '' }), 'redisAuth must be a text'],
    'an empty secret': [() => ({ redisAuth: new Secret('') }), 'redisAuth must be a text'],
    'an authority twice': [
      () => ({ tlsCaPath: file('root.crt'), tlsCa: CANARY }),
      'tlsCaPath must be left out, because tlsCa is set',
    ],
    'a missing file': [() => ({ tlsCaPath: file('absent') }), 'that can be read; received ENOENT'],
    'a folder as a file': [() => ({ tlsCaPath: certificates.folder }), 'received EISDIR'],
    'an authority that is text': [() => ({ tlsCaPath: file('text.crt') }), 'certificates in PEM'],
    'a certificate without a key': [
      () => ({ tlsCertPath: file('client.crt') }),
      'tlsKeyPath must be set, because securityConfig.tlsCertPath is set',
    ],
    'a key without a certificate': [
      () => ({ tlsKeyPath: file('client.key') }),
      'tlsCertPath must be set',
    ],
    'a key of another certificate': [
      () => ({ ...cert(), tlsKeyPath: file('other.key') }),
      'tlsKeyPath must be the key of the certificate in securityConfig.tlsCertPath',
    ],
    'a wrong passphrase': [
      () => ({ ...cert(), tlsKeyPath: file('locked.key'), tlsKeyPassphrase: 'another' }),
      'tlsKeyPath must be a private key in PEM',
    ],
    'a passphrase without a key': [() => ({ tlsKeyPassphrase: CANARY }), 'tlsKeyPath must be set'],
    'certificates without TLS': [
      () => ({ ...cert(), useTls: false }),
      'useTls must be true, because tlsCertPath is set',
    ],
    'certificates that are not verified': [
      () => ({ verifyCertificates: false }),
      'verifyCertificates must be true, unless allowUnverifiedCertificates is true',
    ],
    'an old version of TLS': [() => ({ minTlsVersion: 'TLSv1.1' }), "one of 'TLSv1.2', 'TLSv1.3'"],
    'unknown ciphers': [() => ({ cipherSuites: 'NONE-SUCH' }), 'cipherSuites must be a list'],
    'an address as a name': [() => ({ serverName: '10.0.0.1' }), 'received an IP address'],
    'a flag that is not one': [() => ({ useTls: 'yes' }), 'useTls must be true or false'],
    'an unknown field': [() => ({ tlsCAPath: CANARY }), 'Did you mean tlsCaPath?'],
  }
  test.each(Object.entries(cases))('with %s is rejected by name', (_name, [options, message]) => {
    const problem = problemOf(options())
    expect(problem).toContain('INVALID_OPTION: ')
    expect(problem).toContain(message)
    expect(problem).not.toContain(CANARY)
  })

  test('cannot be changed', () => {
    const config = new SecurityConfig({ redisAuth: CANARY }) as { useTls?: boolean | undefined }
    expect(() => {
      config.useTls = false
    }).toThrow(TypeError)
  })

  test('rates what it asks for', () => {
    expect(new SecurityConfig().securityLevel).toBe('LOW')
    expect(new SecurityConfig({ redisAuth: CANARY }).securityLevel).toBe('MEDIUM')
    expect(new SecurityConfig({ redisAuth: CANARY, useTls: true }).securityLevel).toBe('HIGH')
  })

  test('shows no secret', () => {
    const config = new SecurityConfig({
      ...{ aclUsername: 'cache', aclPassword: CANARY },
      ...{ tlsCertPath: file('client.crt'), tlsKeyPath: file('locked.key') },
      tlsKeyPassphrase: CANARY,
    })
    const deep = { depth: 9, showHidden: true }
    const shown = [inspect(config, deep), format('%o %O %j', config, config, config)].join('')
    expect(shown).not.toContain(CANARY)
    expect(inspect(config.tlsOptionsFor('host'), deep)).not.toContain('BEGIN')
  })

  test('follows its files, and keeps the last pair while they do not fit together', async () => {
    const [first, second] = [file('first'), file('second')]
    const copy = async (name: string): Promise<void> => {
      await writeFile(first, await readFile(file(`${name}.crt`)))
      await writeFile(second, await readFile(file(`${name}.key`)))
    }
    await copy('client')
    const config = new SecurityConfig({ tlsCertPath: first, tlsKeyPath: second })
    const options = config.tlsOptionsFor('host')
    const before = String(options.cert)
    await writeFile(second, CANARY.repeat(3))
    expect(String(options.cert)).toBe(before)
    expect(config.fileError?.message).toContain('securityConfig.tlsKeyPath must be a private key')
    await copy('other')
    expect(String(options.cert)).not.toBe(before)
    expect(config.fileError).toBeUndefined()
  })
})

describe('a cache with a security configuration', () => {
  const opened: GenericRedisCache[] = []
  afterAll(() => Promise.all(opened.map((cache) => cache.close())))
  const open = (options: GenericRedisCacheOptions) => (): void => {
    opened.push(new GenericRedisCache(options))
  }

  test.each([
    [{ redisUrl: 'rediss://h', securityConfig: { useTls: false } }, 'useTls must be true'],
    [{ redisUrl: 'unix:///s', securityConfig: { useTls: true } }, 'useTls must be left out'],
    [
      { redisUrl: 'redis://u:p@h', securityConfig: { redisAuth: 'x' } },
      'redisAuth must be left out',
    ],
    [
      { cluster: { urls: ['redis://:p@h'] }, securityConfig: { redisAuth: 'x' } },
      'redisAuth must be',
    ],
    [
      {
        sentinel: { name: 'm', urls: ['redis://h'], tls: true },
        securityConfig: { useTls: false },
      },
      'useTls must be true for sentinel.tls',
    ],
  ])('rejects the contradiction in case %#', (options, message) => {
    expect(open(options)).toThrow(message)
  })

  const away = 'redis://redis.example.org'
  test.each([
    [{ redisUrl: away }, 'redisUrl must use TLS to reach another machine'],
    [{ cluster: { urls: [away] } }, 'cluster must use TLS'],
    [{ sentinel: { name: 'm', urls: [away] } }, 'sentinel must use TLS'],
    [{ sentinel: { name: 'm', urls: ['rediss://redis.example.org'] } }, 'sentinel must use TLS'],
    [
      {
        redisUrl: away,
        securityConfig: { verifyCertificates: false, allowUnverifiedCertificates: true },
      },
      'certificates must be verified',
    ],
  ])('refuses plain text in case %# if allowPlainText is false', (options, message) => {
    expect(open({ ...options, allowPlainText: false })).toThrow(message)
    expect(open({ ...options, allowPlainText: false })).toThrow(
      expect.objectContaining({ code: 'SECURITY_REFUSED' }),
    )
    expect(open(options)).not.toThrow()
  })

  test.each([
    { redisUrl: 'redis://127.0.0.1' },
    { redisUrl: 'redis://[::1]' },
    { redisUrl: 'redis://localhost' },
    { redisUrl: 'unix:///run/redis.sock' },
    { redisUrl: 'rediss://redis.example.org' },
    { redisUrl: away, securityConfig: { useTls: true } },
  ])('accepts %j if allowPlainText is false', (options) => {
    expect(open({ ...options, allowPlainText: false })).not.toThrow()
  })
})

describe('the environment', () => {
  test('without variables about security gives no configuration', () => {
    expect(createSecurityConfigFromEnv({ REDIS_URL: 'redis://h', REDIS_AUTH: ' ' })).toBeUndefined()
  })

  test('gives every field', async () => {
    const config = createSecurityConfigFromEnv({
      ...{ REDIS_ACL_USERNAME: 'cache', REDIS_ACL_PASSWORD: CANARY, REDIS_USE_TLS: 'TRUE' },
      ...{ REDIS_TLS_CA_PATH: file('root.crt'), REDIS_TLS_MIN_VERSION: 'TLSv1.3' },
      ...{ REDIS_TLS_CERT_PATH: file('client.crt'), REDIS_TLS_KEY_PATH: file('client.key') },
    })
    expect(config).toMatchObject({ useTls: true, aclUsername: 'cache', minTlsVersion: 'TLSv1.3' })
    expect(config?.hasClientCertificate).toBe(true)
    expect(await config?.login?.password()).toBe(CANARY)
  })

  test.each([
    [{ REDIS_USE_TLS: CANARY }, 'REDIS_USE_TLS must be true or false; received another text'],
    [
      { REDIS_ACL_USERNAME: 'a' },
      'REDIS_ACL_PASSWORD must be set, because REDIS_ACL_USERNAME is set',
    ],
    [{ REDIS_TLS_CA_PATH: CANARY }, 'REDIS_TLS_CA_PATH must be the path of a file'],
  ])('is rejected by the name of the variable: case %#', (environment, message) => {
    const read = (): unknown => createSecurityConfigFromEnv(environment)
    expect(read).toThrow(message)
    expect(read).toThrow(new RegExp(`^(?!.*${CANARY})`))
  })
})
