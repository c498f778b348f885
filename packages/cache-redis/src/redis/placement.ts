import type { Cluster, Redis } from 'ioredis'
import { slotOf } from '../connection/key-slot.js'
import { addressOf, addressOfMaster } from '../connection/node-address.js'
import type { RedisClient } from '../connection/redis-client.js'

/** The node that a name lives on, as the client knows it; `''` where there is only one. */
export function nodeOf(client: RedisClient, name: string): string {
  return client.isCluster ? (addressOfMaster(client as Cluster, name) ?? '') : ''
}

/** The same for a master itself. */
export function nameOfNode(client: RedisClient, node: Redis): string {
  return client.isCluster ? addressOf(node) : ''
}

/**
 * Puts together what one command may name: in a cluster what shares a slot, and no more than so many.
 *
 * @returns the places of the names in each group
 */
export function groupBySlot(
  client: RedisClient,
  names: readonly string[],
  most: number,
): number[][] {
  const open = new Map<number, number[]>()
  const groups: number[][] = []
  for (const [index, name] of names.entries()) {
    const slot = client.isCluster ? slotOf(name) : 0
    const group = open.get(slot)
    if (group !== undefined && group.length < most) {
      group.push(index)
      continue
    }
    const another = [index]
    open.set(slot, another)
    groups.push(another)
  }
  return groups
}
