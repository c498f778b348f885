import type { Redis } from 'ioredis'
import type { RunCommands } from '../connection/redis-connection.js'

/** What Redis says of itself; in a cluster all masters together. */
export interface RedisServerInfo {
  readonly usedMemoryBytes: number
  readonly connectedClients: number
}

/** @throws what asking fails with, such as an InfrastructureError where a user may not ask */
export async function serverInfo(
  masters: readonly Redis[],
  run: RunCommands,
): Promise<RedisServerInfo> {
  const sum = { usedMemoryBytes: 0, connectedClients: 0 }
  for (const node of masters) {
    const memory = await run(() => node.info('memory'), node)
    const clients = await run(() => node.info('clients'), node)
    sum.usedMemoryBytes += fieldOf(memory, 'used_memory')
    sum.connectedClients += fieldOf(clients, 'connected_clients')
  }
  return sum
}

function fieldOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
}
