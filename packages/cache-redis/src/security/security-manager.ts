import { SecurityError } from '@verbatim/cache-core'
import { recognizeCopies } from '@verbatim/cache-core/implement'
import { type Cluster, Redis } from 'ioredis'
import { createRedisClient, destroyClient, type RedisClient } from '../connection/clients.js'
import { errorCodeOf } from '../connection/connection-errors.js'
import { checkLocation } from '../connection/location.js'
import { DEFAULT_REDIS_URL } from '../connection/redis-url.js'
import {
  describeResult,
  rate,
  type SecurityStatus,
  type SecurityValidationResult,
} from './findings.js'
import { LiveChecks } from './live-checks.js'
import { secureLocation } from './secure-location.js'
import {
  type SecurityConfig,
  type SecurityConfigOptions,
  toSecurityConfig,
} from './security-config.js'

const CONNECT_MS = 5_000

/**
 * Judges live connections to Redis: the negotiated TLS, the certificate of the server, the user and its
 * permissions, and whether strangers have access. It changes nothing in Redis.
 *
 * @example
 * ```ts
 * const manager = new RedisCacheSecurityManager({ redisAuth: 'secret', useTls: true })
 * const client = await manager.createSecureConnection('redis://redis.example.org')
 * const { isSecure, findings } = await manager.validateConnectionSecurity(client)
 * client.disconnect()
 * ```
 */
export class RedisCacheSecurityManager {
  static {
    recognizeCopies(this, 'cache-redis/RedisCacheSecurityManager')
  }

  readonly #config: SecurityConfig
  #lastValidation: SecurityValidationResult | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the field */
  constructor(config: SecurityConfig | SecurityConfigOptions = {}) {
    this.#config = toSecurityConfig(config)
  }

  /**
   * Connects to one server with the configuration.
   *
   * @throws ConfigurationError for an invalid URL, or one that contradicts the configuration
   * @throws SecurityError (`SECURITY_REFUSED`) with the reason when no secure connection was possible
   */
  async createSecureConnection(redisUrl: string = DEFAULT_REDIS_URL): Promise<Redis> {
    const location = secureLocation(checkLocation({ redisUrl }), this.#config)
    const client = createRedisClient(location, CONNECT_MS) as Redis
    let reason = 'CONNECTION_LOST'
    client.on('error', (error) => {
      reason = errorCodeOf(error)
    })
    try {
      await client.connect()
      return client
    } catch {
      destroyClient(client)
      const message = `Redis did not accept a connection with this securityConfig (${reason})`
      throw new SecurityError(message, { context: { reason } })
    }
  }

  /**
   * Judges the open connections of a client: one server, the master and the sentinels, or every master of a
   * Cluster. Opens a second connection to each server without a login, to see whether strangers have access.
   */
  async validateConnectionSecurity(client: RedisClient): Promise<SecurityValidationResult> {
    const checks = new LiveChecks()
    const nodes = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis]
    for (const node of nodes) await checks.examine(node)
    if (!client.isCluster) await examineSentinels(client as Redis, checks)
    if (nodes.length === 0) {
      const observation = 'No server of the Cluster is known.'
      const finding = { id: 'NOT_CONNECTED', severity: 'critical', server: 'the Cluster' } as const
      checks.findings.push({ ...finding, observation, remedy: 'connect first' })
    }
    this.#lastValidation = rate(checks.findings, checks.servers)
    return this.#lastValidation
  }

  /** Returns the remedies of the last validation, the most urgent first, each once. */
  getSecurityRecommendations(): readonly string[] {
    const { findings = [] } = this.#lastValidation ?? {}
    return [...new Set(findings.map(({ remedy }) => remedy))]
  }

  /** Connects, judges the connection and closes it. Never rejects for a server that cannot be reached. */
  async testSecurityConfiguration(redisUrl?: string): Promise<SecurityValidationResult> {
    let client: Redis
    try {
      client = await this.createSecureConnection(redisUrl)
    } catch (error) {
      if (!(error instanceof SecurityError)) throw error
      const finding = { id: 'NOT_CONNECTED', severity: 'critical', server: 'Redis' } as const
      const remedy = 'correct the address, the login or the certificates'
      this.#lastValidation = rate([{ ...finding, observation: `${error.message}.`, remedy }], [])
      return this.#lastValidation
    }
    try {
      return await this.validateConnectionSecurity(client)
    } finally {
      destroyClient(client)
    }
  }

  /**
   * Returns a result as text for people.
   *
   * @param result - Default: that of the last validation
   */
  generateSecurityReport(
    result: SecurityValidationResult | undefined = this.#lastValidation,
  ): string {
    return result === undefined ? 'No connection was validated yet.\n' : describeResult(result)
  }

  getSecurityStatus(): SecurityStatus {
    const { hasAuthentication, securityLevel, useTls, verifyCertificates } = this.#config
    return {
      ...{ securityLevel, hasAuthentication, tlsEnabled: useTls === true },
      certificateVerification: verifyCertificates,
      ...(this.#lastValidation && { lastValidation: this.#lastValidation }),
    }
  }
}

async function examineSentinels(client: Redis, checks: LiveChecks): Promise<void> {
  const { sentinels = [], sentinelTLS, sentinelUsername, sentinelPassword } = client.options
  for (const { host = 'localhost', port = 26_379 } of sentinels ?? []) {
    const sentinel = new Redis({
      ...{ host, port, lazyConnect: true, protocol: 2, connectTimeout: CONNECT_MS },
      ...{ maxRetriesPerRequest: 0, enableReadyCheck: false, disableClientInfo: true },
      ...(sentinelUsername && { username: sentinelUsername }),
      ...(sentinelPassword && { password: sentinelPassword }),
      ...(sentinelTLS && { tls: sentinelTLS }),
      retryStrategy: null,
    })
    sentinel.on('error', () => undefined)
    await sentinel.connect().catch(() => undefined)
    await checks.examine(sentinel, 'sentinel')
    destroyClient(sentinel)
  }
}
