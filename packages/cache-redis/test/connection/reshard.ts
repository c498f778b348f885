import type { RedisServer } from '@verbatim/test-support'
import { Redis } from 'ioredis'

/**
 * Moves slots of a Cluster from one master to another, with their keys, as `redis-cli --cluster
 * reshard` does it.
 */
export async function moveSlots(
  slots: readonly number[],
  from: RedisServer,
  to: RedisServer,
): Promise<void> {
  const source = new Redis(from.url)
  const target = new Redis(to.url)
  const [sourceId, targetId] = await Promise.all([source.cluster('MYID'), target.cluster('MYID')])
  for (const slot of slots) {
    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId)
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId)
    for (;;) {
      const keys = await source.cluster('GETKEYSINSLOT', slot, 100)
      if (keys.length === 0) break
      await source.migrate('127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys)
    }
    await target.cluster('SETSLOT', slot, 'NODE', targetId)
    await source.cluster('SETSLOT', slot, 'NODE', targetId)
  }
  source.disconnect()
  target.disconnect()
}
