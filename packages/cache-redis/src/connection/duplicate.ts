import type { Cluster, Redis } from 'ioredis'
import { connectionSettings, patienceFor } from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import { loginOf } from './login.js'
import { RECONNECT_PERIOD_MS, ReconnectDelay } from './reconnect-delay.js'
import type { RedisClient } from './redis-client.js'
import { guardReplies } from './reply-guard.js'

/** The settings of a client that say where and how to connect. */
const FOLLOWED = ['host', 'port', 'path', 'family', 'db', 'tls', 'sentinels', 'name'] as const

/**
 * Makes one more connection to where a client leads, in the same way and with the same password. It
 * has not connected yet, its maker must end it, and the client that it was made from stays as it was.
 *
 * Each time it connects, it follows what the owner of that client has changed since: address, TLS,
 * database, user and password. Nothing that was subscribed to is again after a reconnect, for what
 * was missed must be dealt with first.
 *
 * @param commandTimeoutMs - the longest that one command of the cache may take, in milliseconds
 * @param client - the client for the Cluster that the node belongs to. Default: the node itself
 */
export function duplicateFor(node: Redis, commandTimeoutMs = 0, client: RedisClient = node): Redis {
  const reconnectDelay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const patienceMs = patienceFor(commandTimeoutMs)
  const duplicate = node.duplicate({
    ...connectionSettings(patienceMs, reconnectDelay),
    // Bounds the handshake too, which connectTimeout does not.
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
  waitForTurnToConnect(duplicate)
  duplicate.on('error', reconnectDelay.note)
  return duplicate
}

/** What the owner of a client for a Cluster has it use for connections that are still to come. */
function clusterSettings(client: RedisClient): object {
  if (!client.isCluster) return {}
  const { username, password, tls } = (client as Cluster).options.redisOptions ?? {}
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  }
}
