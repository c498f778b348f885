import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ConfigurationError } from '@verbatim/cache-core'
import { type EventHub, type Reporter, timers } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import type { RedisClient } from '../connection/clients.js'
import type { RedisCacheEvents } from '../events.js'
import type { ResolvedOptions } from '../options.js'
import type { SecurityConfig } from './security-config.js'

/** A certificate that expires soon. */
export interface ExpiringCertificate {
  /** `'server'`: a server showed it. `'client'`: the cache shows it. `'authority'`: the cache trusts it. */
  readonly of: 'server' | 'client' | 'authority'
  /** The subject of the certificate, on one line. */
  readonly subject: string
  /** In the form of ISO 8601. */
  readonly validTo: string
  /** Days until it expires, rounded down; negative for an expired one. */
  readonly daysLeft: number
}

interface WatchOptions {
  readonly client: RedisClient
  readonly config: SecurityConfig
  readonly events: EventHub<RedisCacheEvents>
  readonly reporter: Reporter
  /** Returns milliseconds since 1970. Default: the clock of the machine. */
  readonly now?: () => number
}

/** Days before the end of a certificate at which it is reported. */
const WARN_DAYS = [30, 7, 1]
const MS_PER_DAY = 86_400_000
const CHECK_EVERY_MS = 3_600_000

/** Starts a watch for a cache that uses TLS. */
export function watchCertificates(
  { client, reporter, securityConfig }: ResolvedOptions,
  events: EventHub<RedisCacheEvents>,
): CertificateWatch | undefined {
  if (client === undefined || !usesTls(client)) return undefined
  return new CertificateWatch({ client, config: securityConfig, events, reporter })
}

/**
 * Reports certificates that expire soon, and files that cannot be used. It checks after each connection and every
 * hour. Its timer does not keep the process alive.
 */
export class CertificateWatch {
  readonly #options: WatchOptions
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  /** The fewest days at which each certificate was reported, by its fingerprint. */
  readonly #reported = new Map<string, number>()
  #fileError: ConfigurationError | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    this.#now = options.now ?? timers.wallTime
    this.#stopListening = options.events.on('connected', () => this.check())
    this.#timer = timers.setInterval(() => this.check(), CHECK_EVERY_MS)
    this.#timer.unref()
  }

  /** Reports what is new since the last check. */
  check(): void {
    const { client, config } = this.#options
    for (const certificate of serverCertificates(client)) this.#examine('server', certificate)
    for (const certificate of config.ownCertificates) this.#examine('client', certificate)
    for (const certificate of config.authorities) this.#examine('authority', certificate)
    this.#reportFileError()
  }

  close(): void {
    this.#stopListening()
    timers.clearInterval(this.#timer)
  }

  #examine(of: ExpiringCertificate['of'], certificate: X509Certificate): void {
    const validTo = new Date(certificate.validTo)
    const msLeft = validTo.getTime() - this.#now()
    const due = WARN_DAYS.findLast((days) => msLeft <= days * MS_PER_DAY)
    const known = this.#reported.get(certificate.fingerprint256) ?? Number.POSITIVE_INFINITY
    if (due === undefined || due >= known) return
    this.#reported.set(certificate.fingerprint256, due)
    const daysLeft = Math.floor(msLeft / MS_PER_DAY)
    const subject = certificate.subject.replaceAll('\n', ', ')
    const expiring = { of, subject, validTo: validTo.toISOString(), daysLeft }
    this.#options.events.emit('certificate_expires', expiring)
    const when = daysLeft < 0 ? 'has expired' : `expires in ${daysLeft} days`
    this.#options.reporter.notify(
      'warn',
      'VERBATIM_CERTIFICATE_EXPIRES',
      `The certificate of ${of === 'authority' ? 'an authority' : `the ${of}`} ${when}, at ${expiring.validTo}. ` +
        'Connections fail after that: replace it.',
      `${certificate.fingerprint256} ${due}`,
    )
  }

  #reportFileError(): void {
    const { fileError } = this.#options.config
    if (fileError === this.#fileError) return
    this.#fileError = fileError
    if (fileError === undefined) return
    this.#options.events.emit('certificate_file_error', fileError)
    this.#options.reporter.notify(
      'warn',
      'VERBATIM_CERTIFICATE_FILE',
      `New certificate files were not used: ${fileError.message}. The last ones stay in use.`,
    )
  }
}

/** Returns the certificates that the servers of open connections showed. */
function serverCertificates(client: RedisClient): X509Certificate[] {
  const nodes = client.isCluster ? (client as Cluster).nodes() : [client as Redis]
  return nodes.flatMap(({ stream }) => {
    const socket = stream as unknown as Partial<TLSSocket> | undefined
    // The method of TLSSocket that returns an X509Certificate removes it from the connection.
    const raw = socket?.encrypted === true ? socket.getPeerCertificate?.().raw : undefined
    return raw === undefined ? [] : [new X509Certificate(raw)]
  })
}

/** Returns whether a client uses TLS for any connection. */
function usesTls(client: RedisClient): boolean {
  if (client.isCluster) return (client as Cluster).options.redisOptions?.tls !== undefined
  const { tls, sentinelTLS } = (client as Redis).options
  return tls !== undefined || sentinelTLS !== undefined
}
