import { Cluster } from 'ioredis'
import { connectionSettings, credentials, hearErrors } from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import type { ClusterLocation } from './location.js'
import { RECONNECT_PERIOD_MS, ReconnectDelay } from './reconnect-delay.js'
import { parseAddress, type TlsOptions, tlsFor } from './redis-url.js'

/** Makes a client for a Cluster. It has not connected yet. */
export function createClusterClient({ nodes }: ClusterLocation, patienceMs: number): Cluster {
  const [first] = nodes
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Cluster(
    nodes.map(({ host, port, tls }) => ({ host, port, ...(tls && { tls }) })),
    {
      lazyConnect: true,
      redisOptions: {
        ...connectionSettings(patienceMs, delay),
        ...(first && credentials(first)),
        ...(first?.tls && { tls: {} }),
      },
      ...(first?.tls && { natMap: withTls }),
      scaleReads: 'master',
      enableOfflineQueue: false,
      enableReadyCheck: false,
      // The question takes a connection of its own.
      slotsRefreshTimeout: patienceMs,
      slotsRefreshInterval: 5_000,
      clusterRetryStrategy: delay.next,
      clusterNodeRetryStrategy: delay.next,
      // Commands whose connection ended, or that found the Cluster down, are not sent again.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: 20,
      maxRedirections: 5,
    },
  )
  client.on('+node', waitForTurnToConnect)
  client.on('node error', delay.note)
  return hearErrors(client, delay)
}

/** Says of a node that was found how to reach it. The client lets addresses be replaced, and more. */
function withTls(address: string): { host: string; port: number; tls: TlsOptions } {
  const node = parseAddress(address)
  return { ...node, tls: tlsFor(node.host) }
}
