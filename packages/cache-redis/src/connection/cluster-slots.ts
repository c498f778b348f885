import type { Cluster, Redis } from 'ioredis'
import type { RedisClient } from './clients.js'

/** The number of slots of every Redis Cluster. */
export const SLOTS = 16_384

/** The CRC-16/XMODEM of each byte. */
const REMAINDERS = Uint16Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 8
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder & 0x8000 ? 0x1021 : 0)
  return remainder
})

/**
 * Returns the slot of a name. Of `a{b}c` only `b` counts.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 */
export function slotOf(name: string): number {
  let remainder = 0
  for (const byte of Buffer.from(hashTag(name) ?? name)) {
    remainder = ((remainder << 8) & 0xffff) ^ (REMAINDERS[(remainder >> 8) ^ byte] ?? 0)
  }
  return remainder % SLOTS
}

function hashTag(name: string): string | undefined {
  const start = name.indexOf('{') + 1
  const end = name.indexOf('}', start)
  return start > 0 && end > start ? name.slice(start, end) : undefined
}

/** Returns the address of a node as the client for a Cluster writes it. */
export function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`
}

/** Returns the address of the master that holds a name, as far as the client knows. */
export function addressOfMaster(cluster: Cluster, name: string): string | undefined {
  return cluster.slots[slotOf(name)]?.[0]
}

/** Returns the node that holds a name, as the client knows it; `''` without a Cluster. */
export function nodeOf(client: RedisClient, name: string): string {
  return client.isCluster ? (addressOfMaster(client as Cluster, name) ?? '') : ''
}

/** Returns the name of a master as a node; `''` without a Cluster. */
export function nameOfNode(client: RedisClient, master: Redis): string {
  return client.isCluster ? addressOf(master) : ''
}

/**
 * Groups the names that one command may have: in a Cluster those of one slot, and at most `most` names.
 *
 * @returns the positions of the names in each group
 */
export function groupBySlot(
  client: RedisClient,
  names: readonly string[],
  most: number,
): number[][] {
  const open = new Map<number, number[]>()
  const groups: number[][] = []
  for (const [position, name] of names.entries()) {
    const slot = client.isCluster ? slotOf(name) : 0
    const group = open.get(slot)
    if (group !== undefined && group.length < most) {
      group.push(position)
      continue
    }
    const another = [position]
    open.set(slot, another)
    groups.push(another)
  }
  return groups
}
