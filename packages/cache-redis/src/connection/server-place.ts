import type { Cluster, Redis } from 'ioredis'
import { addressOf } from './node-address.js'
import type { RedisClient } from './redis-client.js'

/** Addresses that a message names. */
const MOST_SHOWN = 3

/** Names where a client finds Redis, for messages: hosts and ports, never users or passwords. */
export function placeOf(client: RedisClient): string {
  if (client.isCluster) return `Redis Cluster at ${listed(startupAddresses(client as Cluster))}`
  const { sentinels, name, path } = (client as Redis).options
  if (sentinels) {
    const addresses = sentinels.map(({ host, port }) => addressText(host, port ?? 26_379))
    return `Redis (master ${JSON.stringify(name)} of the sentinels at ${listed(addresses)})`
  }
  return `Redis at ${path ?? serverAddress(client as Redis)}`
}

/** Names one master of a Cluster, for messages. */
export function placeOfMaster(master: Redis): string {
  return `Redis at ${addressOf(master)}, a master of the Cluster,`
}

function serverAddress({ options: { host, port } }: Redis): string {
  return addressText(host, port ?? 6_379)
}

/** The nodes that a client for a Cluster was given, which may be URLs with a password. */
function startupAddresses(cluster: Cluster): string[] {
  const { startupNodes } = cluster as unknown as { startupNodes?: readonly unknown[] }
  return (startupNodes ?? []).map((node) => {
    if (typeof node === 'number') return addressText(undefined, node)
    if (typeof node === 'string') return hostIn(node)
    const { host, port } = Object(node) as { host?: string; port?: number }
    return addressText(host, port ?? 6_379)
  })
}

function hostIn(text: string): string {
  const url = text.includes('://') ? text : `redis://${text}`
  return URL.canParse(url) ? new URL(url).host : 'an unreadable address'
}

function addressText(host = 'localhost', port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function listed(addresses: readonly string[]): string {
  const shown = addresses.slice(0, MOST_SHOWN).join(', ')
  return addresses.length > MOST_SHOWN ? `${shown}, …` : shown
}

/** Whether the connections of a client use TLS. */
export function usesTls(client: RedisClient): boolean {
  const { tls } = client.isCluster
    ? ((client as Cluster).options.redisOptions ?? {})
    : (client as Redis).options
  return tls !== undefined
}
