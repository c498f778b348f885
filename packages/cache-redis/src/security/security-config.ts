import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { ConfigurationError, Secret } from '@verbatim/cache-core'
import {
  assertKnownFields,
  choiceOption,
  describeType,
  invalidOption,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import { certificatesIn, TlsFiles, type TlsSource } from './tls-files.js'

/** A password: text, a {@link Secret}, or a function that returns the current one, such as a cloud token. */
export type Password = string | Secret | (() => string | Secret | Promise<string | Secret>)

/** Options of a {@link SecurityConfig}. */
export interface SecurityConfigOptions {
  /** The password of the user `default`. Default: none. */
  readonly redisAuth?: Password | undefined
  /** The user in the access control list of Redis. Needs `aclPassword`. Default: none. */
  readonly aclUsername?: string | undefined
  /** The password of that user. Default: none. */
  readonly aclPassword?: Password | undefined
  /** Whether to use TLS. Default: true if another field is about TLS; otherwise the URL decides. */
  readonly useTls?: boolean | undefined
  /** The path of the authorities to trust, in PEM. They replace those of Node. Default: those of Node. */
  readonly tlsCaPath?: string | undefined
  /** The path of the certificate of this client, in PEM. Needs a key. Default: none. */
  readonly tlsCertPath?: string | undefined
  /** The path of the private key of the certificate, in PEM. Default: none. */
  readonly tlsKeyPath?: string | undefined
  /** The authorities themselves, instead of `tlsCaPath`. */
  readonly tlsCa?: string | Uint8Array | undefined
  /** The certificate itself, instead of `tlsCertPath`. */
  readonly tlsCert?: string | Uint8Array | undefined
  /** The private key itself, instead of `tlsKeyPath`. */
  readonly tlsKey?: string | Uint8Array | undefined
  /** The passphrase of the private key. Default: none. */
  readonly tlsKeyPassphrase?: string | Secret | undefined
  /** The name that servers must have in their certificates. Default: the host of each address. */
  readonly serverName?: string | undefined
  /** Whether servers must have a valid certificate. False needs `allowUnverifiedCertificates`. Default: true. */
  readonly verifyCertificates?: boolean | undefined
  /** Whether `verifyCertificates` may be false: anyone on the network can then read and change everything. */
  readonly allowUnverifiedCertificates?: boolean | undefined
  /** The oldest version of TLS. Default: `'TLSv1.2'`. */
  readonly minTlsVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * The cipher suites in the notation of OpenSSL. Default: suites with forward secrecy and authenticated
   * encryption.
   */
  readonly cipherSuites?: string | undefined
}

const FIELDS: Readonly<Record<keyof SecurityConfigOptions, true>> = {
  redisAuth: true,
  aclUsername: true,
  aclPassword: true,
  useTls: true,
  tlsCaPath: true,
  tlsCertPath: true,
  tlsKeyPath: true,
  tlsCa: true,
  tlsCert: true,
  tlsKey: true,
  tlsKeyPassphrase: true,
  serverName: true,
  verifyCertificates: true,
  allowUnverifiedCertificates: true,
  minTlsVersion: true,
  cipherSuites: true,
}
const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(FIELDS))

/** The fields that are about TLS, and so switch it on. */
const TLS_FIELDS = [
  ...(['tlsCaPath', 'tlsCertPath', 'tlsKeyPath', 'tlsCa', 'tlsCert', 'tlsKey'] as const),
  ...(['serverName', 'verifyCertificates', 'minTlsVersion', 'cipherSuites'] as const),
  'tlsKeyPassphrase',
] as const

const DEFAULT_CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':')

/** Options of `node:tls` for one host. */
export interface TlsOptions {
  readonly servername?: string
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly ciphers?: string
  readonly rejectUnauthorized?: boolean
}

/** A user and a password, which may change. */
export interface Login {
  readonly username: string
  readonly password: () => Promise<string>
  /** The password, if it does not come from a function. */
  readonly fixedPassword: Secret | undefined
}

/**
 * The login, TLS and certificates of connections to Redis. Validated and immutable.
 *
 * Files are read at once, and again for each new connection after they have changed. Secrets are not shown by
 * printing, inspecting or serializing.
 *
 * @example
 * ```ts
 * const securityConfig = new SecurityConfig({
 *   aclUsername: 'cache',
 *   aclPassword: () => fetchToken(),
 *   tlsCaPath: '/etc/redis/ca.crt',
 *   minTlsVersion: 'TLSv1.3',
 * })
 * new GenericRedisCache({ redisUrl: 'rediss://redis.example.org', securityConfig })
 * ```
 */
export class SecurityConfig {
  static {
    recognizeCopies(this, 'cache-redis/SecurityConfig')
  }

  /** `undefined` where the URL decides. */
  readonly useTls: boolean | undefined
  readonly aclUsername: string | undefined
  readonly serverName: string | undefined
  readonly verifyCertificates: boolean
  readonly minTlsVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly cipherSuites: string
  readonly #files: TlsFiles
  readonly #passphrase: Secret | undefined
  readonly #password: Password | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the field and the rule */
  constructor(options: SecurityConfigOptions = {}) {
    assertKnownFields(options, KNOWN_FIELDS, 'securityConfig', ConfigurationError, 'INVALID_OPTION')
    const { verifyCertificates = true, minTlsVersion = 'TLSv1.2' } = options
    assertKinds(options)
    this.useTls = checkedUseTls(options)
    this.aclUsername = options.aclUsername
    this.serverName = options.serverName
    this.verifyCertificates = verifyCertificates
    this.minTlsVersion = choiceOption('securityConfig.minTlsVersion', minTlsVersion, [
      'TLSv1.2',
      'TLSv1.3',
    ])
    this.cipherSuites = checkedCiphers(options.cipherSuites)
    this.#password = checkedPassword(options)
    this.#passphrase = toSecret(options.tlsKeyPassphrase)
    this.#files = new TlsFiles({ ...sourcesOf(options), passphrase: this.#passphrase })
    Object.freeze(this)
  }

  /** Whether there is a password. */
  get hasAuthentication(): boolean {
    return this.#password !== undefined
  }

  /** Whether there is a certificate for this client. */
  get hasClientCertificate(): boolean {
    return this.#files.current().cert !== undefined
  }

  /**
   * `'HIGH'` with verified TLS and a password, `'MEDIUM'` with one of them, `'LOW'` without. It says what the
   * settings ask for, not what a connection has.
   */
  get securityLevel(): 'HIGH' | 'MEDIUM' | 'LOW' {
    const isVerified = this.useTls === true && this.verifyCertificates
    if (isVerified && this.hasAuthentication) return 'HIGH'
    return this.useTls || this.hasAuthentication ? 'MEDIUM' : 'LOW'
  }

  /** @internal The certificate of this client and those that it sends along. Reads files that have changed. */
  get ownCertificates(): X509Certificate[] {
    const { cert } = this.#files.current()
    return cert === undefined ? [] : certificatesIn(cert)
  }

  /** @internal The authorities of `tlsCaPath` or `tlsCa`. Reads files that have changed. */
  get authorities(): X509Certificate[] {
    const { ca } = this.#files.current()
    return ca === undefined ? [] : certificatesIn(ca)
  }

  /** The error of the last attempt to read changed files; `undefined` if there was none. */
  get fileError(): ConfigurationError | undefined {
    return this.#files.lastError
  }

  /**
   * Returns options of `node:tls` for a host. Their certificates are those of the files at each read of the
   * property, so that one object serves all connections. The options contain the private key.
   */
  tlsOptionsFor(host: string): TlsOptions {
    const name = this.serverName ?? (isIP(host) === 0 && host !== '' ? host : undefined)
    const passphrase = this.#passphrase?.reveal()
    const options: TlsOptions = {
      minVersion: this.minTlsVersion,
      ciphers: this.cipherSuites,
      rejectUnauthorized: this.verifyCertificates,
      ...(name !== undefined && { servername: name }),
      ...(passphrase !== undefined && { passphrase }),
    }
    const files = this.#files
    for (const part of ['ca', 'cert', 'key'] as const) {
      if (files.current()[part] === undefined) continue
      const get = (): Buffer | undefined => files.current()[part]
      Object.defineProperty(options, part, { enumerable: true, get })
    }
    return options
  }

  /** The user and the password; `undefined` without a password. They are secrets. */
  get login(): Login | undefined {
    const password = this.#password
    if (password === undefined) return undefined
    const isFixed = typeof password !== 'function'
    return {
      username: this.aclUsername ?? 'default',
      fixedPassword: isFixed ? new Secret(revealed(password)) : undefined,
      password: async () => revealed(isFixed ? password : await password()),
    }
  }
}

/** Returns the configuration in an option of a cache. */
export function toSecurityConfig(option: SecurityConfig | SecurityConfigOptions): SecurityConfig {
  return option instanceof SecurityConfig ? option : new SecurityConfig(option)
}

const FLAGS = ['useTls', 'verifyCertificates', 'allowUnverifiedCertificates'] as const
const TEXTS = [
  ...(['aclUsername', 'tlsCaPath', 'tlsCertPath', 'tlsKeyPath', 'serverName'] as const),
  'cipherSuites',
] as const
const CONTENTS = ['tlsCa', 'tlsCert', 'tlsKey'] as const

function assertKinds(options: SecurityConfigOptions): void {
  for (const name of FLAGS) {
    const flag: unknown = options[name]
    if (flag !== undefined && typeof flag !== 'boolean') throw invalid(name, 'true or false', flag)
  }
  for (const name of TEXTS) {
    const text: unknown = options[name]
    if (text !== undefined && !isText(text)) throw invalid(name, 'a text that is not empty', text)
  }
  for (const name of CONTENTS) {
    const content: unknown = options[name]
    if (content === undefined || isText(content) || content instanceof Uint8Array) continue
    throw invalid(name, 'PEM as text or bytes', content)
  }
  const { verifyCertificates, allowUnverifiedCertificates, serverName } = options
  if (serverName !== undefined && isIP(serverName) !== 0) {
    throw invalid('serverName', 'a host name', serverName, 'an IP address')
  }
  if (verifyCertificates === false && allowUnverifiedCertificates !== true) {
    throw invalid('verifyCertificates', 'true, unless allowUnverifiedCertificates is true', false)
  }
}

function checkedUseTls(options: SecurityConfigOptions): boolean | undefined {
  const field = TLS_FIELDS.find((name) => options[name] !== undefined)
  if (options.useTls === false && field !== undefined) {
    throw invalid('useTls', `true, because ${field} is set`, false)
  }
  return options.useTls ?? (field === undefined ? undefined : true)
}

function checkedCiphers(ciphers = DEFAULT_CIPHERS): string {
  try {
    createSecureContext({ ciphers })
    return ciphers
  } catch {
    throw invalid('cipherSuites', 'a list of cipher suites that OpenSSL knows', ciphers)
  }
}

function checkedPassword(options: SecurityConfigOptions): Password | undefined {
  const { redisAuth, aclUsername, aclPassword } = options
  for (const [name, password] of Object.entries({ redisAuth, aclPassword })) {
    const isPassword = password instanceof Secret ? isText(password.reveal()) : isText(password)
    if (password === undefined || isPassword || typeof password === 'function') continue
    throw invalid(name, 'a text, a Secret, or a function that returns one', password)
  }
  if (redisAuth !== undefined && (aclUsername ?? aclPassword) !== undefined) {
    throw invalid('redisAuth', 'left out with aclUsername and aclPassword', redisAuth, 'both')
  }
  if (aclUsername !== undefined && aclPassword === undefined) {
    throw invalid('aclPassword', 'set, because aclUsername is set', aclPassword)
  }
  if (aclUsername === undefined && aclPassword !== undefined) {
    throw invalid('aclUsername', 'set, because aclPassword is set', aclUsername)
  }
  return toSecretPassword(redisAuth ?? aclPassword)
}

/** Wraps a text, so that no field of the configuration shows it. */
function toSecretPassword(password: Password | undefined): Password | undefined {
  return typeof password === 'string' ? new Secret(password) : password
}

function sourcesOf(
  options: SecurityConfigOptions,
): Record<'ca' | 'cert' | 'key', TlsSource | undefined> {
  const { tlsCaPath, tlsCa, tlsCertPath, tlsCert, tlsKeyPath, tlsKey } = options
  const ca = sourceOf('tlsCa', tlsCaPath, tlsCa)
  const cert = sourceOf('tlsCert', tlsCertPath, tlsCert)
  const key = sourceOf('tlsKey', tlsKeyPath, tlsKey)
  if (cert !== undefined && key === undefined) {
    throw invalid('tlsKeyPath', `set, because ${cert.field} is set`, undefined)
  }
  if (key !== undefined && cert === undefined) {
    throw invalid('tlsCertPath', `set, because ${key.field} is set`, undefined)
  }
  if (options.tlsKeyPassphrase !== undefined && key === undefined) {
    throw invalid('tlsKeyPath', 'set, because tlsKeyPassphrase is set', undefined)
  }
  return { ca, cert, key }
}

function sourceOf(
  name: string,
  path: string | undefined,
  content: string | Uint8Array | undefined,
): TlsSource | undefined {
  if (path !== undefined && content !== undefined) {
    throw invalid(`${name}Path`, `left out, because ${name} is set`, path, 'both')
  }
  if (path !== undefined) return { field: `securityConfig.${name}Path`, path }
  return content === undefined ? undefined : { field: `securityConfig.${name}`, content }
}

function toSecret(text: string | Secret | undefined): Secret | undefined {
  if (text === undefined || text instanceof Secret) return text
  if (isText(text)) return new Secret(text)
  throw invalid('tlsKeyPassphrase', 'a text or a Secret', text)
}

/** @throws ConfigurationError for the result of a function that is not a password */
function revealed(password: unknown): string {
  if (password instanceof Secret) return password.reveal()
  if (isText(password)) return password
  throw invalid('aclPassword', 'a function that returns a text or a Secret', password)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Returns the error for a field. It never shows the value, which may be a secret. */
function invalid(
  field: string,
  rule: string,
  value: unknown,
  received: string = value === '' ? 'an empty string' : describeType(value),
): ConfigurationError {
  return invalidOption(`securityConfig.${field}`, rule, undefined, { received })
}
