import type { Cluster, Redis, RedisOptions } from 'ioredis'
import type { ReconnectDelay } from './reconnect-delay.js'

const LEAST_PATIENCE_MS = 1_000

/**
 * Returns how long a connection may take to come about, or send nothing, before another one is made,
 * in milliseconds. Opening one and asking once takes three round trips, each as long as a command.
 */
export function patienceFor(commandTimeoutMs: number): number {
  return Math.max(LEAST_PATIENCE_MS, 3 * commandTimeoutMs)
}

type ConnectionSettings = Pick<
  RedisOptions,
  | 'lazyConnect'
  | 'connectTimeout'
  | 'disconnectTimeout'
  | 'keepAlive'
  | 'maxRetriesPerRequest'
  | 'enableOfflineQueue'
  | 'autoResendUnfulfilledCommands'
  | 'enableReadyCheck'
  | 'disableClientInfo'
  | 'protocol'
  | 'retryStrategy'
>

/** What a connection needs to suit a cache, whatever it is for. */
export function connectionSettings(patienceMs: number, delay: ReconnectDelay): ConnectionSettings {
  return {
    lazyConnect: true,
    connectTimeout: patienceMs,
    disconnectTimeout: 200,
    keepAlive: 5_000,
    // These three together: what is under way when the connection closes is rejected, at once and
    // for good. Without the first, the last one leaves promises that never settle.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Both ask for permissions that a user of a cache may lack, and tell stderr of it. The cache has
    // a check of its own.
    enableReadyCheck: false,
    disableClientInfo: true,
    // The same conversation by either release of the client.
    protocol: 2,
    retryStrategy: delay.next,
  }
}

/** A password without a user is the default user's: said so, a server without one takes it as well. */
export function credentials(login: {
  readonly username?: string | undefined
  readonly password?: string | undefined
}): Pick<RedisOptions, 'username' | 'password'> {
  const { username = login.password && 'default', password } = login
  return { ...(username && { username }), ...(password && { password }) }
}

/** Without a listener the client would print its errors to stderr. */
export function hearErrors<Client extends Redis | Cluster>(
  client: Client,
  delay: ReconnectDelay,
): Client {
  client.on('error', delay.note)
  return client
}
