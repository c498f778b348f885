import { isIP } from 'node:net'
import { type ConfigurationError, SecurityError } from '@verbatim/cache-core'
import { invalidOption } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import type { RedisClient } from '../connection/clients.js'
import type { CurrentPassword } from '../connection/current-password.js'
import type { RedisLocation, SentinelLocation } from '../connection/location.js'
import type { RedisTarget } from '../connection/redis-url.js'
import type { SecurityConfig, TlsOptions } from './security-config.js'

/** The user and the password of servers, if they are set. */
interface ServerLogin {
  readonly username?: string
  readonly password?: string
}

/**
 * Applies a security configuration to a location.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) for a contradiction, which names the option
 */
export function secureLocation(location: RedisLocation, config: SecurityConfig): RedisLocation {
  if (location.kind === 'client') {
    throw invalidOption('securityConfig', 'left out with client, whose settings apply', config)
  }
  const tlsFor = (host: string): TlsOptions => config.tlsOptionsFor(host)
  const withTls = (target: RedisTarget, option: string): RedisTarget => {
    if (config.useTls === false && target.tls !== undefined) {
      throw contradiction('useTls', `true for a rediss:// URL in ${option}`)
    }
    if (config.useTls === true && target.path !== undefined) {
      throw contradiction('useTls', 'left out for a unix:// URL')
    }
    const isSecure = config.useTls ?? target.tls !== undefined
    return isSecure ? { ...target, tls: tlsFor(target.host) } : target
  }
  const currentPassword = currentPasswordIn(config)
  const renewed = currentPassword && { currentPassword }
  switch (location.kind) {
    case 'server': {
      const login = loginFor(location.target, 'redisUrl', config)
      return {
        ...location,
        ...renewed,
        target: { ...withTls(location.target, 'redisUrl'), ...login },
      }
    }
    case 'cluster': {
      const [first] = location.nodes
      const login = loginFor(first ?? {}, 'cluster.urls', config)
      const nodes = location.nodes.map((node) => ({ ...withTls(node, 'cluster.urls'), ...login }))
      return { ...location, ...renewed, nodes, tlsFor }
    }
    default: {
      const login = loginFor(location, 'sentinel', config)
      if (config.useTls === false && location.tls) {
        throw contradiction('useTls', 'true for sentinel.tls')
      }
      const sentinels = location.sentinels.map((each) => withTls(each, 'sentinel.urls'))
      const tls = config.useTls ?? location.tls
      return {
        ...location,
        ...renewed,
        ...login,
        sentinels,
        tls,
        tlsFor,
      } satisfies SentinelLocation
    }
  }
}

/**
 * Rejects a location on another machine without TLS, or with certificates that are not verified.
 *
 * @throws SecurityError (`SECURITY_REFUSED`)
 */
export function assertNoPlainText(location: RedisLocation): void {
  const isPlain =
    location.kind === 'client'
      ? isPlainClient(location.client)
      : targetsOf(location).some(({ host, tls, path }) => !tls && !path && !isLoopback(host)) ||
        isPlainMaster(location)
  if (isPlain) {
    throw refused(`${OPTION_OF[location.kind]} must use TLS to reach another machine`, 'plain text')
  }
  if (isUnverified(location)) {
    throw refused('certificates must be verified', 'verifyCertificates: false')
  }
}

const OPTION_OF: Readonly<Record<RedisLocation['kind'], string>> = {
  server: 'redisUrl',
  sentinel: 'sentinel',
  cluster: 'cluster',
  client: 'client',
}

function targetsOf(location: Exclude<RedisLocation, { kind: 'client' }>): readonly RedisTarget[] {
  if (location.kind === 'server') return [location.target]
  return location.kind === 'cluster' ? location.nodes : location.sentinels
}

/** Sentinels on this machine are taken to monitor servers on this machine. */
function isPlainMaster(location: Exclude<RedisLocation, { kind: 'client' }>): boolean {
  if (location.kind !== 'sentinel' || location.tls) return false
  return location.sentinels.some(({ host }) => !isLoopback(host))
}

function isPlainClient(client: RedisClient): boolean {
  if (client.isCluster) return (client as Cluster).options.redisOptions?.tls === undefined
  const { tls, path, host = 'localhost', sentinels } = (client as Redis).options
  if (tls !== undefined || path) return false
  return sentinels
    ? sentinels.some((each) => !isLoopback(each.host ?? 'localhost'))
    : !isLoopback(host)
}

function isUnverified(location: RedisLocation): boolean {
  if (location.kind !== 'client') {
    return targetsOf(location).some(({ tls }) => tls?.rejectUnauthorized === false)
  }
  const { client } = location
  const { tls } = client.isCluster
    ? ((client as Cluster).options.redisOptions ?? {})
    : (client as Redis).options
  return tls?.rejectUnauthorized === false
}

/** Returns whether a host is this machine, so that no network carries its data. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host.toLowerCase() === 'localhost'
}

function loginFor(
  given: { readonly [Name in keyof ServerLogin]: string | undefined },
  option: string,
  { login }: SecurityConfig,
): ServerLogin {
  if (login === undefined) return {}
  if (given.username !== undefined || given.password !== undefined) {
    throw contradiction(
      login.username === 'default' ? 'redisAuth' : 'aclPassword',
      `left out, because ${option} has a user or a password`,
    )
  }
  const { username, fixedPassword } = login
  return { username, ...(fixedPassword !== undefined && { password: fixedPassword.reveal() }) }
}

function currentPasswordIn({ login }: SecurityConfig): CurrentPassword | undefined {
  return login === undefined || login.fixedPassword !== undefined ? undefined : login.password
}

function contradiction(field: string, rule: string): ConfigurationError {
  const received = 'both'
  return invalidOption(`securityConfig.${field}`, rule, undefined, { received })
}

function refused(rule: string, received: string): SecurityError {
  const message = `${rule}, because allowPlainText is false; received ${received}`
  return new SecurityError(message, { context: { received } })
}
