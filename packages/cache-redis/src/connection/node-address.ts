import type { Cluster, Redis } from 'ioredis'
import { slotOf } from './key-slot.js'

/** Where a node is, as the client for a Cluster names it. */
export function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`
}

/** Where the master of a name is, as far as the client knows. */
export function addressOfMaster(cluster: Cluster, name: string): string | undefined {
  return cluster.slots[slotOf(name)]?.[0]
}
