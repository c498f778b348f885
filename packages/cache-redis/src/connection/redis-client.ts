import { type Cluster, Redis } from 'ioredis'
import { connectionSettings, credentials, hearErrors, patienceFor } from './client-settings.js'
import { createClusterClient } from './cluster-client.js'
import { waitForTurnToConnect } from './connect-gate.js'
import type { RedisLocation } from './location.js'
import { RECONNECT_PERIOD_MS, ReconnectDelay } from './reconnect-delay.js'
import type { RedisTarget } from './redis-url.js'
import { createSentinelClient } from './sentinel-client.js'

/** A client of ioredis, for one server, a Sentinel group or a Cluster. */
export type RedisClient = Redis | Cluster

/**
 * Makes a client that suits a cache: nothing waits without limit and nothing is ever sent twice. It
 * has not connected yet.
 *
 * The client's own defaults suit a database: commands wait without limit for a server that is away,
 * and are sent again after a reconnect, by when a newer value may have been written.
 */
export function createRedisClient(location: RedisLocation, commandTimeoutMs: number): RedisClient {
  const patienceMs = patienceFor(commandTimeoutMs)
  if (location.kind === 'client') return location.client
  if (location.kind === 'cluster') return createClusterClient(location, patienceMs)
  if (location.kind === 'sentinel') return createSentinelClient(location, patienceMs)
  return createServerClient(location.target, patienceMs)
}

/** Returns the number of the database that a client uses now. */
export function databaseOf(client: Redis): number {
  // The types of the client leave out the state of its connection.
  const { condition } = client as unknown as { condition?: { select?: number } | null }
  return condition?.select ?? client.options.db ?? 0
}

/** Ends every connection of a client at once; its own `disconnect` waits for the servers. */
export function destroyClient(client: RedisClient): void {
  const connections = client.isCluster ? (client as Cluster).nodes() : [client as Redis]
  client.disconnect()
  for (const { stream } of connections) stream?.destroy()
}

function createServerClient(
  { host, port, db, tls, ...login }: RedisTarget,
  patienceMs: number,
): Redis {
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Redis({
    ...connectionSettings(patienceMs, delay),
    ...credentials(login),
    ...(tls && { tls }),
    host,
    port,
    db,
  })
  waitForTurnToConnect(client)
  return hearErrors(client, delay)
}
