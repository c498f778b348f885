import { afterEach } from 'vitest'
import { checkServer } from '../../src/connection/check-server.js'
import { checkLocation } from '../../src/connection/location.js'
import type { LocationOptions } from '../../src/connection/location-options.js'
import { createRedisClient } from '../../src/connection/redis-client.js'
import { type ConnectionOptions, RedisConnection } from '../../src/connection/redis-connection.js'
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
  overrides: Partial<ConnectionOptions> = {},
): RedisConnection {
  const { commandTimeoutMs = 5_000 } = overrides
  const location = checkLocation(options)
  const connection = new RedisConnection({
    client: createRedisClient(location, commandTimeoutMs),
    owned: location.kind !== 'client',
    commandTimeoutMs,
    check: (master) => checkServer(master, 0),
    onChange: () => {},
    ...overrides,
  })
  opened.push(connection)
  return connection
}
