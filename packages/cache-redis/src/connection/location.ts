import { ConfigurationError } from '@verbatim/cache-core'
import { assertKnownFields, integerOption, invalidOption } from '@verbatim/cache-core/implement'
import type { TlsOptions } from '../security/security-config.js'
import type { RedisClient } from './clients.js'
import type { CurrentPassword } from './current-password.js'
import { invalidUrl, parseRedisUrl, type RedisTarget, tlsFor } from './redis-url.js'

/** A master that Redis Sentinel monitors, and its replicas. */
export interface SentinelOptions {
  /** The name of the master in the settings of the sentinels. */
  readonly name: string
  /**
   * The URLs of all sentinels: `redis://` or `rediss://[user:password@]host[:port]`. Default port: 26379.
   * The user and password of the first one are used for all.
   */
  readonly urls: readonly string[]
  /** The user of the servers. Default: `default`. */
  readonly username?: string | undefined
  /** The password of the user. Default: none. */
  readonly password?: string | undefined
  /** The number of the database. Default: 0. */
  readonly database?: number | undefined
  /** Whether to connect to the servers by TLS; for the sentinels, the URLs say it. Default: false. */
  readonly tls?: boolean | undefined
}

/** A Redis Cluster. */
export interface ClusterOptions {
  /**
   * The URLs of some nodes: `redis://` or `rediss://[user:password@]host[:port]`. The client finds the other
   * nodes. The user and password of the first one are used for all.
   */
  readonly urls: readonly string[]
}

/** The location of Redis. Set at most one of these; without any, the cache is memory only. */
export interface LocationOptions {
  /**
   * One server: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS, or `unix:///path` for a
   * socket.
   */
  readonly redisUrl?: string | undefined
  /** The server that the sentinels call the master. */
  readonly sentinel?: SentinelOptions | undefined
  /** A Redis Cluster. */
  readonly cluster?: ClusterOptions | undefined
  /** Your own client of ioredis 5 or 6. The cache does not change or close it. */
  readonly client?: RedisClient | undefined
}

/** A checked location of Redis. No client has been created. */
export type RedisLocation =
  | ServerLocation
  | SentinelLocation
  | ClusterLocation
  | { readonly kind: 'client'; readonly client: RedisClient }

interface ServerLocation {
  readonly kind: 'server'
  readonly target: RedisTarget
  readonly currentPassword?: CurrentPassword
}

export interface SentinelLocation extends SecuredServers {
  readonly kind: 'sentinel'
  readonly name: string
  readonly sentinels: readonly RedisTarget[]
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: boolean
}

export interface ClusterLocation extends SecuredServers {
  readonly kind: 'cluster'
  readonly nodes: readonly RedisTarget[]
}

/** The security of servers whose addresses the client finds. */
interface SecuredServers {
  /** Returns the TLS settings for a host; those for any host if it is empty. */
  readonly tlsFor: (host: string) => TlsOptions
  /** Replaces a fixed password. */
  readonly currentPassword?: CurrentPassword
}

const CHOICES = ['redisUrl', 'sentinel', 'cluster', 'client'] as const

const SENTINEL_FIELDS: Readonly<Record<keyof SentinelOptions, true>> = {
  name: true,
  urls: true,
  username: true,
  password: true,
  database: true,
  tls: true,
}
const CLUSTER_FIELDS: Readonly<Record<keyof ClusterOptions, true>> = { urls: true }

/** Returns whether the options contain a location. */
export function hasLocation(options: LocationOptions): boolean {
  return CHOICES.some((choice) => options[choice] !== undefined)
}

/**
 * Checks the location of Redis.
 *
 * @throws ConfigurationError (`INVALID_OPTION`, `INVALID_REDIS_URL`) that names the option and the rule, and
 * never contains a URL
 */
export function checkLocation(options: LocationOptions): RedisLocation {
  const given = CHOICES.filter((choice) => options[choice] !== undefined)
  if (given.length !== 1) {
    const received = given.length === 0 ? 'none' : given.join(' and ')
    throw new ConfigurationError(
      `at most one of ${CHOICES.join(', ')} may be given; received ${received}`,
      {
        code: 'INVALID_OPTION',
        context: { options: CHOICES, received: given },
      },
    )
  }
  const { redisUrl, sentinel, cluster, client } = options
  if (sentinel !== undefined) return checkSentinel(sentinel)
  if (cluster !== undefined) return checkCluster(cluster)
  if (client !== undefined) return { kind: 'client', client: checkClient(client) }
  return { kind: 'server', target: parseRedisUrl(redisUrl) }
}

function checkSentinel(sentinel: SentinelOptions): SentinelLocation {
  assertFields('sentinel', sentinel, SENTINEL_FIELDS)
  const { name, urls, username, password, database = 0, tls = false } = sentinel
  if (typeof name !== 'string' || name === '') {
    throw invalidOption('sentinel.name', 'the name that the sentinels use for the master', name)
  }
  if (typeof tls !== 'boolean') throw invalidOption('sentinel.tls', 'true or false', tls)
  return {
    kind: 'sentinel',
    name,
    sentinels: checkUrls('sentinel.urls', urls, 26_379),
    username: checkText('sentinel.username', username),
    password: checkText('sentinel.password', password),
    database: integerOption('sentinel.database', database, { min: 0, max: 2 ** 31 - 1 }),
    tls,
    tlsFor,
  }
}

function checkCluster(cluster: ClusterOptions): ClusterLocation {
  assertFields('cluster', cluster, CLUSTER_FIELDS)
  return { kind: 'cluster', nodes: checkUrls('cluster.urls', cluster.urls, 6_379), tlsFor }
}

/** Checks the URLs of servers that belong together: all have the same login and use of TLS. */
function checkUrls(option: string, urls: unknown, defaultPort: number): RedisTarget[] {
  if (!Array.isArray(urls) || urls.length === 0) {
    throw invalidOption(option, 'an array of at least one URL', urls)
  }
  const targets = urls.map((url: unknown, index) =>
    parseRedisUrl(url, { option: `${option}[${index}]`, defaultPort }),
  )
  const [first] = targets
  for (const [index, target] of targets.entries()) {
    const name = `${option}[${index}]`
    if (target.path !== undefined)
      throw invalidUrl(name, 'the path of a socket, which servers of this kind do not share')
    if (target.db !== 0)
      throw invalidUrl(name, 'a URL with a database, which servers of this kind do not have')
    if ((target.tls === undefined) !== (first?.tls === undefined)) {
      throw invalidUrl(name, 'a URL that differs from the first in whether it uses TLS')
    }
    if (!mayLogInAs(target, first)) {
      throw invalidUrl(name, 'a URL with a user or password other than those of the first')
    }
  }
  return targets
}

function mayLogInAs(target: RedisTarget, first: RedisTarget | undefined): boolean {
  const { username, password } = target
  const hasNone = username === undefined && password === undefined
  return hasNone || (username === first?.username && password === first?.password)
}

function checkText(option: string, text: unknown): string | undefined {
  if (text === undefined || (typeof text === 'string' && text !== '')) return text
  throw invalidOption(option, 'a string that is not empty', text)
}

function assertFields(option: string, value: object, fields: Readonly<Record<string, true>>): void {
  const known = new Set(Object.keys(fields))
  assertKnownFields(value, known, option, ConfigurationError, 'INVALID_OPTION')
}

function checkClient(client: RedisClient): RedisClient {
  const { isCluster, options: given } = (client ?? {}) as Partial<RedisClient>
  if (typeof isCluster !== 'boolean' || typeof given !== 'object') {
    throw invalidOption('client', 'a Redis or Cluster of ioredis 5 or 6', client)
  }
  assertNoPrefix(given)
  return client
}

/** Refuses a client with a prefix: it adds the prefix to keys, but not to the patterns of SCAN. */
function assertNoPrefix(options: {
  keyPrefix?: string | undefined
  redisOptions?: { keyPrefix?: string | undefined } | undefined
}): void {
  if (!(options.keyPrefix || options.redisOptions?.keyPrefix)) return
  throw new ConfigurationError(
    'client must have no keyPrefix of its own; pass keyPrefix to the cache instead',
    {
      code: 'INVALID_OPTION',
      context: { option: 'client' },
    },
  )
}
