import { afterEach } from 'vitest'
import { createRedisClient } from '../../src/connection/clients.js'
import type { LocationOptions } from '../../src/connection/location.js'
import { checkLocation } from '../../src/connection/location.js'
import {
  type ConnectionListener,
  type ConnectionOptions,
  RedisConnection,
} from '../../src/connection/redis-connection.js'
import { checkServer } from '../../src/redis/masters.js'
import { expectQuiet } from './quiet.js'

expectQuiet()

const opened: RedisConnection[] = []
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close({ drainMs: 0 })
})

/**
 * Opens a connection as a cache does, by default with a time limit that a busy machine keeps. It is
 * closed after the test.
 */
export function openConnection(
  options: LocationOptions,
  overrides: Partial<ConnectionOptions & ConnectionListener> = {},
): RedisConnection {
  const { commandTimeoutMs = 5_000, client, owned, ...listener } = overrides
  const location = checkLocation(options)
  const connection = new RedisConnection({
    client: client ?? createRedisClient(location, commandTimeoutMs),
    owned: owned ?? location.kind !== 'client',
    commandTimeoutMs,
  })
  connection.listen({
    check: (master) => checkServer(master, 0),
    onAvailability: () => {},
    ...listener,
  })
  opened.push(connection)
  return connection
}
