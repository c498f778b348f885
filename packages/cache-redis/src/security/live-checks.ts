import { randomUUID } from 'node:crypto'
import {
  type ConnectionOptions,
  checkServerIdentity,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls'
import { delay } from '@verbatim/cache-core/implement'
import { Redis } from 'ioredis'
import { errorCodeOf } from '../connection/connection-errors.js'
import type {
  FindingSeverity,
  PeerCertificateSummary,
  SecurityFinding,
  ServerSecurity,
} from './findings.js'
import { isLoopback } from './secure-location.js'

/** The time limit of one question to a server, in milliseconds. */
const QUESTION_MS = 5_000
const MS_PER_DAY = 86_400_000
const WARN_DAYS = 30
const SHORTEST_PASSWORD = 12

const NEW_USER = 'create a user for the cache, as "cache-redis security acl" prints it'
/** A name that no permission for a prefix matches. */
const NAME_OF_NOBODY = `verbatim-security-check-${randomUUID()}`

/** Commands that a cache does not need, with arguments that make them complete. They are never run. */
const DANGEROUS: readonly (readonly [name: string, ...words: string[]])[] = [
  ['flushall'],
  ['flushdb'],
  ['keys', '*'],
  ['config', 'set', 'maxmemory', '0'],
  ['acl', 'setuser', 'x'],
  ['debug', 'sleep', '0'],
  ['module', 'load', 'x'],
  ['replicaof', 'no', 'one'],
  ['migrate', 'h', '1', 'k', '0', '1'],
  ['monitor'],
  ['save'],
  ['shutdown'],
]

/** Examines live connections. */
export class LiveChecks {
  readonly findings: SecurityFinding[] = []
  readonly servers: ServerSecurity[] = []

  /** Examines the connection of a client. It must be open. */
  async examine(redis: Redis, role: ServerSecurity['role'] = 'server'): Promise<void> {
    const server = serverOf(redis)
    const report = (
      severity: FindingSeverity,
      id: string,
      observation: string,
      remedy: string,
    ): void => void this.findings.push({ id, severity, server, observation, remedy })
    if (redis.status !== 'ready') {
      const hint = 'start it, or correct the address, the login or the certificates'
      report('critical', 'NOT_CONNECTED', 'There is no connection to judge.', hint)
      return
    }
    const transport = examineTransport(redis, report)
    const rights = role === 'server' ? await examineUser(redis, report) : {}
    await examineOpenAccess(redis, report)
    this.servers.push({ server, role, ...transport, ...rights })
  }
}

type Report = (severity: FindingSeverity, id: string, observation: string, remedy: string) => void

function examineTransport(
  redis: Redis,
  report: Report,
): Pick<ServerSecurity, 'transport' | 'tlsVersion' | 'cipherSuite' | 'certificate'> {
  const stream = redis.stream as unknown as Partial<TLSSocket> | undefined
  if (stream?.encrypted === true) return examineTls(redis, stream as TLSSocket, report)
  if (redis.options.path) return { transport: 'socket' }
  if (isLoopback(stream?.remoteAddress?.replace(/^::ffff:/, '') ?? '')) {
    const observation = 'The connection is not encrypted, and does not leave this machine.'
    report('info', 'PLAIN_TEXT_ON_LOOPBACK', observation, 'use TLS if Redis moves')
    return { transport: 'loopback' }
  }
  const observation =
    'The connection is not encrypted: the network sees the password and all values.'
  report('critical', 'PLAIN_TEXT', observation, 'use rediss:// or securityConfig.useTls')
  return { transport: 'plain text' }
}

function examineTls(
  redis: Redis,
  socket: TLSSocket,
  report: Report,
): Pick<ServerSecurity, 'transport' | 'tlsVersion' | 'cipherSuite' | 'certificate'> {
  const tlsVersion = socket.getProtocol() ?? 'unknown'
  const cipherSuite = socket.getCipher().name
  if (!/^TLSv1\.[23]$/.test(tlsVersion)) {
    report('critical', 'OLD_TLS', `The connection uses ${tlsVersion}.`, 'enable TLS 1.2 or 1.3')
  }
  if (!/^TLS_|^(EC)?DHE-.*(GCM|CHACHA20)/.test(cipherSuite)) {
    const observation = `The cipher suite ${cipherSuite} has no forward secrecy or no authentication.`
    report('critical', 'WEAK_CIPHER', observation, 'remove it from cipherSuites and tls-ciphers')
  }
  if (!socket.authorized) {
    const observation = `The certificate of the server is not verified (${codeOf(socket)}).`
    const remedy = 'set tlsCaPath to its authority, and leave verifyCertificates true'
    report('critical', 'CERTIFICATE_NOT_VERIFIED', observation, remedy)
  }
  const certificate = summaryOf(socket, redis)
  if (certificate !== undefined) examineCertificate(certificate, report)
  return { transport: 'tls', tlsVersion, cipherSuite, ...(certificate && { certificate }) }
}

function examineCertificate(certificate: PeerCertificateSummary, report: Report): void {
  const { daysLeft, matchesName, validTo } = certificate
  if (!matchesName) {
    const remedy = 'name the host in the certificate, or set serverName'
    report('critical', 'WRONG_NAME', 'The certificate does not name the host.', remedy)
  }
  if (daysLeft < 0) {
    const observation = `The certificate expired at ${validTo}.`
    report('critical', 'CERTIFICATE_EXPIRED', observation, 'replace it')
  } else if (daysLeft <= WARN_DAYS) {
    const observation = `The certificate expires in ${daysLeft} days.`
    report('warning', 'CERTIFICATE_EXPIRES', observation, 'replace it now')
  }
}

/** Learns who the user is, and what it may do. Everything that it may not ask stays unknown. */
async function examineUser(
  redis: Redis,
  report: Report,
): Promise<Pick<ServerSecurity, 'user' | 'dangerousCommands'>> {
  const { password } = redis.options
  if (password && password.length < SHORTEST_PASSWORD) {
    const observation = `The password has fewer than ${SHORTEST_PASSWORD} characters.`
    report('warning', 'SHORT_PASSWORD', observation, 'use a random one of 32 characters')
  }
  const user = await ask(redis, 'ACL', 'WHOAMI')
  if (typeof user !== 'string') {
    const observation = 'The user may not ask for its name, so its permissions are not known.'
    report('info', 'USER_NOT_VISIBLE', observation, 'grant ACL WHOAMI and ACL DRYRUN to check it')
    return {}
  }
  if (user === 'default') {
    report('warning', 'DEFAULT_USER', 'The cache uses the user default.', NEW_USER)
  }
  const dangerousCommands: string[] = []
  for (const [name, ...words] of DANGEROUS) {
    const reply = await ask(redis, 'ACL', 'DRYRUN', user, name, ...words)
    if (reply === undefined) {
      const observation = 'The user may not ask for its permissions.'
      report('info', 'PERMISSIONS_NOT_VISIBLE', observation, 'grant ACL DRYRUN to check them')
      return { user }
    }
    if (reply === 'OK') dangerousCommands.push(name.toUpperCase())
  }
  if (dangerousCommands.length > 0) {
    const observation = `The user may run ${dangerousCommands.join(', ')}.`
    report('warning', 'DANGEROUS_COMMANDS', observation, NEW_USER)
  }
  if ((await ask(redis, 'ACL', 'DRYRUN', user, 'get', NAME_OF_NOBODY)) === 'OK') {
    const observation = 'The user may use keys of every prefix.'
    report('warning', 'ALL_KEYS', observation, NEW_USER)
  }
  return { user, dangerousCommands }
}

/** Tries a connection without a login, as a stranger would. */
async function examineOpenAccess(redis: Redis, report: Report): Promise<void> {
  const { host, port, path, tls } = redis.options
  const { remoteAddress, remotePort } = redis.stream ?? {}
  const address = path ? { path } : { host: remoteAddress ?? host, port: remotePort ?? port }
  const stranger = new Redis({
    ...(address as { host: string; port: number }),
    // It sends nothing that must stay secret, and has no certificate of its own.
    ...(tls && { tls: { ...strangersTls(tls), rejectUnauthorized: false } }),
    ...{ lazyConnect: true, protocol: 2, connectTimeout: QUESTION_MS, maxRetriesPerRequest: 0 },
    ...{ enableReadyCheck: false, disableClientInfo: true, retryStrategy: null },
  })
  stranger.on('error', () => undefined)
  try {
    await stranger.connect()
    if ((await ask(stranger, 'PING')) !== 'PONG') return
    const observation = 'Redis accepts connections without a password.'
    const remedy = 'set requirepass, or ACL SETUSER default off'
    report('critical', 'OPEN_DEFAULT_USER', observation, remedy)
    const mode = await ask(stranger, 'CONFIG', 'GET', 'protected-mode')
    if (Array.isArray(mode) && mode[1] === 'no') {
      const exposed = 'Protected mode is off, so other machines may connect without a password too.'
      report('critical', 'PROTECTED_MODE_OFF', exposed, 'set protected-mode yes, and a password')
    }
  } catch {
    // Strangers have no access.
  } finally {
    stranger.disconnect()
    stranger.stream?.destroy()
  }
}

function strangersTls({ servername, minVersion, ciphers }: ConnectionOptions): ConnectionOptions {
  return {
    ...(servername !== undefined && { servername }),
    ...(minVersion !== undefined && { minVersion }),
    ...(ciphers !== undefined && { ciphers }),
  }
}

/** Returns the reply, or `undefined` if the server refuses to answer. */
async function ask(redis: Redis, ...[name, ...words]: [string, ...string[]]): Promise<unknown> {
  const ended = new AbortController()
  try {
    return await Promise.race([redis.call(name, ...words), delay(QUESTION_MS, ended.signal)])
  } catch (error) {
    // The message may quote arguments.
    return void errorCodeOf(error)
  } finally {
    ended.abort()
  }
}

function serverOf({ options: { host = 'localhost', port = 6_379, path }, stream }: Redis): string {
  if (path) return path
  return `${stream?.remoteAddress ?? host}:${stream?.remotePort ?? port}`
}

function codeOf({ authorizationError }: TLSSocket): string {
  const error: unknown = authorizationError
  return typeof error === 'string' ? error : errorCodeOf(error)
}

function summaryOf(
  socket: TLSSocket,
  { options: { host = 'localhost', tls } }: Redis,
): PeerCertificateSummary | undefined {
  const certificate = socket.getPeerCertificate()
  if (!certificate.valid_to) return undefined
  const validTo = new Date(certificate.valid_to)
  const name = tls?.servername ?? host
  return {
    subject: nameIn(certificate.subject),
    issuer: nameIn(certificate.issuer),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: validTo.toISOString(),
    daysLeft: Math.floor((validTo.getTime() - Date.now()) / MS_PER_DAY),
    // A verified certificate names the host, which the options do not have if a sentinel named it.
    matchesName: socket.authorized || checkServerIdentity(name, certificate) === undefined,
  }
}

function nameIn(subject: PeerCertificate['subject'] | undefined): string {
  const { CN: name } = (subject ?? {}) as { CN?: string | string[] }
  return Array.isArray(name) ? name.join(', ') : (name ?? 'unknown')
}
