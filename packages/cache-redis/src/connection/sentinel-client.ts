import { Redis, type SentinelConnectionOptions } from 'ioredis'
import { connectionSettings, credentials, hearErrors } from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import { FailoverWatch } from './failover-watch.js'
import type { SentinelLocation } from './location.js'
import { ReconnectDelay } from './reconnect-delay.js'
import { parseAddress, type RedisTarget, type TlsOptions, tlsFor } from './redis-url.js'

/** A failover has taken its time already, and asking the sentinels is cheap. */
const RECONNECT_PERIOD_MS = 400
const SENTINEL_ANSWER_MS = 500

/** Makes a client for whichever server the sentinels call the master. It has not connected yet. */
export function createSentinelClient(location: SentinelLocation, patienceMs: number): Redis {
  const { name, sentinels, database, tls } = location
  const [first] = sentinels
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Redis({
    ...connectionSettings(patienceMs, delay),
    ...credentials(location),
    name,
    role: 'master',
    db: database,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    ...sentinelCredentials(first),
    ...(first?.tls && { sentinelTLS: sharedTls(sentinels) }),
    ...(tls && { enableTLSForSentinelMode: true, tls: {}, natMap: withServerName }),
    sentinelCommandTimeout: Math.max(SENTINEL_ANSWER_MS, patienceMs),
    // The client asks one sentinel after the other, and the next one each time it connects, so a
    // first round may begin at the last of them. After a whole one the cache tries again itself: the
    // client's own pauses would outlive it.
    sentinelRetryStrategy: (round) => (round === 1 ? 0 : null),
  })
  const watch = new FailoverWatch(sentinels, name, patienceMs, (host, port) => {
    const { remoteAddress, remotePort } = client.stream ?? {}
    if (remoteAddress !== host || remotePort !== port) client.stream?.destroy()
  })
  client.on('connect', () => watch.start())
  client.on('close', () => watch.stop())
  waitForTurnToConnect(client)
  return hearErrors(client, delay)
}

function sentinelCredentials(
  sentinel: RedisTarget | undefined,
): Pick<SentinelConnectionOptions, 'sentinelUsername' | 'sentinelPassword'> {
  const { username, password } = credentials(sentinel ?? {})
  return {
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
  }
}

/** The client takes one setting for all sentinels, so only a name that they share can be given. */
function sharedTls([first, ...others]: readonly RedisTarget[]): TlsOptions {
  const name = first?.tls?.servername
  return name !== undefined && others.every(({ tls }) => tls?.servername === name)
    ? { servername: name }
    : {}
}

/** Says of a server that was found how to reach it: the client lets addresses be replaced, and more. */
function withServerName(address: string): { host: string; port: number } & TlsOptions {
  const server = parseAddress(address)
  return { ...server, ...tlsFor(server.host) }
}
