import { type Cluster, Redis } from 'ioredis'
import type { RedisTarget } from './redis-url.js'

/** A client of ioredis, for one server, a Sentinel group or a Cluster. */
export type RedisClient = Redis | Cluster

/** What the client waits at least for a connection, a handshake or a sign of life. */
const PATIENCE_MS = 1_000
const LONGEST_RETRY_DELAY_MS = 800

/**
 * Makes a client that suits a cache: every call ends in time and nothing is ever sent twice.
 *
 * The client's own defaults suit a database: commands wait without limit for a server that is away,
 * and are sent again after a reconnect, by when a newer value may have been written.
 */
export function createRedisClient(target: RedisTarget, commandTimeoutMs: number): Redis {
  // Calls are timed by the connection; these limits are for what the client does by itself.
  const patience = Math.max(PATIENCE_MS, commandTimeoutMs)
  return new Redis({
    ...target,
    lazyConnect: true,
    connectTimeout: patience,
    // Bounds the handshake, which connectTimeout does not.
    commandTimeout: patience,
    // A socket that owes an answer for so long is given up, and a new one opened.
    socketTimeout: patience,
    disconnectTimeout: 200,
    keepAlive: 5_000,
    // These three together: what is under way when the connection closes is rejected, at once and
    // for good. Without the first, the last one leaves promises that never settle.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: 500,
    retryStrategy: fullJitter,
    // A master that was demoted keeps its connections and refuses every write on them.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  })
}

/** Anywhere up to the limit, so that the clients of a restarted server do not return in step. */
function fullJitter(attempt: number): number {
  return Math.random() * Math.min(LONGEST_RETRY_DELAY_MS, 50 * 2 ** attempt)
}

/**
 * Rejects unless the server answers, in the right database. The client goes on in database 0 when
 * the one it was told to use is refused.
 */
export async function checkServer(client: RedisClient, database: number): Promise<void> {
  if (database > 0) await (client as Redis).select(database)
  await client.ping()
}
