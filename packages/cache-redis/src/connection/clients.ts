import { Cluster, Redis } from 'ioredis'
import type { TlsOptions } from '../security/security-config.js'
import {
  connectionSettings,
  credentials,
  listenToErrors,
  patienceFor,
  RECONNECT_PERIOD_MS,
  ReconnectDelay,
} from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import { currentPasswordOf, usePasswordOf } from './current-password.js'
import {
  type ClusterLocation,
  checkLocation,
  type LocationOptions,
  type RedisLocation,
} from './location.js'
import { loginOf } from './login.js'
import { parseAddress } from './redis-url.js'
import { guardReplies } from './reply-guard.js'
import { createSentinelClient } from './sentinel-client.js'

/** An ioredis client for one server, a Sentinel group or a Cluster. */
export type RedisClient = Redis | Cluster

/**
 * Creates a client for a cache, without connecting it: no command waits without limit, and none is sent
 * twice.
 *
 * The client's defaults are made for a database. There, commands wait without limit for an unavailable
 * server, and are sent again after a reconnect, when a newer value may have been written.
 */
export function createRedisClient(location: RedisLocation, commandTimeoutMs: number): RedisClient {
  const patienceMs = patienceFor(commandTimeoutMs)
  if (location.kind === 'client') return location.client
  if (location.kind === 'cluster') return createClusterClient(location, patienceMs)
  if (location.kind === 'sentinel') return createSentinelClient(location, patienceMs)
  return createServerClient(location, patienceMs)
}

/**
 * Creates the client that a cache with these options uses, without connecting it. It sends no command twice,
 * and a command fails at once while the server is not connected. The caller must call `connect`, and
 * `disconnect` at the end.
 *
 * @param commandTimeoutMs - time limit for connecting, in milliseconds
 * @throws ConfigurationError (`INVALID_OPTION`, `INVALID_REDIS_URL`) that never contains a URL
 * @example
 * ```ts
 * const client = createClient({ redisUrl: 'redis://127.0.0.1:6379' }, 1_000)
 * await client.connect()
 * client.disconnect()
 * ```
 */
export function createClient(options: LocationOptions, commandTimeoutMs: number): RedisClient {
  return createRedisClient(checkLocation(options), commandTimeoutMs)
}

/** Returns the number of the database that a client uses now. */
export function databaseOf(client: Redis): number {
  // The client's types do not have the state of its connection.
  const { condition } = client as unknown as { condition?: { select?: number } | null }
  return condition?.select ?? client.options.db ?? 0
}

/** Closes every connection of a client at once. The client's `disconnect` waits for the servers. */
export function destroyClient(client: RedisClient): void {
  const connections = client.isCluster ? (client as Cluster).nodes() : [client as Redis]
  client.disconnect()
  for (const { stream } of connections) stream?.destroy()
}

function createServerClient(
  { target, currentPassword }: Extract<RedisLocation, { kind: 'server' }>,
  patienceMs: number,
): Redis {
  const { host, port, db, path, tls, ...login } = target
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Redis({
    ...connectionSettings(patienceMs, delay),
    ...credentials(login),
    ...(tls && { tls }),
    ...(path === undefined ? { host, port } : { path }),
    db,
  })
  usePasswordOf(client, currentPassword)
  waitForTurnToConnect(client)
  return listenToErrors(client, delay)
}

function createClusterClient(
  { nodes, tlsFor, currentPassword }: ClusterLocation,
  patienceMs: number,
): Cluster {
  const [first] = nodes
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Cluster(
    nodes.map(({ host, port, tls }) => ({ host, port, ...(tls && { tls }) })),
    {
      lazyConnect: true,
      redisOptions: {
        ...connectionSettings(patienceMs, delay),
        ...(first && credentials(first)),
        ...(first?.tls && { tls: tlsFor('') }),
      },
      ...(first?.tls && { natMap: (address) => withTls(address, tlsFor) }),
      scaleReads: 'master',
      enableOfflineQueue: false,
      enableReadyCheck: false,
      // The client opens a connection for the question.
      slotsRefreshTimeout: patienceMs,
      slotsRefreshInterval: 5_000,
      clusterRetryStrategy: delay.next,
      clusterNodeRetryStrategy: delay.next,
      // Commands are not sent again when their connection ends or the Cluster is down.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: 20,
      maxRedirections: 5,
    },
  )
  const forAllNodes =
    currentPassword &&
    (async (): Promise<string> => {
      const password = await currentPassword()
      Object.assign(client.options.redisOptions ?? {}, { password })
      return password
    })
  client.on('+node', (node: Redis) => {
    usePasswordOf(node, forAllNodes)
    waitForTurnToConnect(node)
  })
  client.on('node error', delay.note)
  return listenToErrors(client, delay)
}

/** Adds TLS to the address of a node that the client found. The client allows more than an address. */
function withTls(
  address: string,
  tlsFor: ClusterLocation['tlsFor'],
): { host: string; port: number; tls: TlsOptions } {
  const node = parseAddress(address)
  return { ...node, tls: tlsFor(node.host) }
}

/** The settings that say where and how a client connects. */
const FOLLOWED = ['host', 'port', 'path', 'family', 'db', 'tls', 'sentinels', 'name'] as const

/**
 * Creates a connection to the server of a client, with the same settings and login, without connecting it.
 * The caller must close it. The client does not change.
 *
 * Each time the connection opens, it follows what the owner of the client has changed since: address, TLS,
 * database, user and password. It subscribes to nothing again after a reconnect, because messages that were
 * missed must be handled first.
 *
 * @param commandTimeoutMs - the time limit of a command, in milliseconds
 * @param client - the client for the Cluster that the node belongs to. Default: the node itself
 */
export function duplicateFor(node: Redis, commandTimeoutMs = 0, client: RedisClient = node): Redis {
  const reconnectDelay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const patienceMs = patienceFor(commandTimeoutMs)
  const duplicate = node.duplicate({
    ...connectionSettings(patienceMs, reconnectDelay),
    // Limits the handshake too, which connectTimeout does not.
    commandTimeout: patienceMs,
    replyMapping: 'legacy',
    autoResubscribe: false,
    enableAutoPipelining: false,
    readOnly: false,
    reconnectOnError: null,
    sentinelRetryStrategy: reconnectDelay.next,
    failoverDetector: false,
  })
  const connect = duplicate.connect.bind(duplicate)
  duplicate.connect = () => {
    for (const name of FOLLOWED) Object.assign(duplicate.options, { [name]: node.options[name] })
    Object.assign(duplicate.options, loginOf(node), clusterSettings(client))
    return connect()
  }
  guardReplies(duplicate)
  usePasswordOf(duplicate, currentPasswordOf(node))
  waitForTurnToConnect(duplicate)
  duplicate.on('error', reconnectDelay.note)
  return duplicate
}

/** Returns the settings that a client for a Cluster uses for its next connections. */
function clusterSettings(client: RedisClient): object {
  if (!client.isCluster) return {}
  const { username, password, tls } = (client as Cluster).options.redisOptions ?? {}
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  }
}
