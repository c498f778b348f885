import { createRedisClient } from '../../src/connection/clients.js'
import type { LocationOptions } from '../../src/connection/location.js'
import { checkLocation } from '../../src/connection/location.js'
import { RedisConnection } from '../../src/connection/redis-connection.js'
import { checkServer } from '../../src/redis/masters.js'

// A separate process. It connects to a location, reports the result, and ends by itself once it receives a
// message to close and nothing keeps it alive.

const location = checkLocation(JSON.parse(process.argv[2] ?? '{}') as LocationOptions)
const connection = new RedisConnection({
  client: createRedisClient(location, 200),
  owned: true,
  commandTimeoutMs: 200,
})
connection.listen({ check: (master) => checkServer(master, 0), onAvailability: () => {} })

process.once('message', () => {
  process.disconnect()
  void connection.close()
})
const connected = await connection.connect()
if (connected) await connection.run((client) => client.get('key'), 'key')
process.send?.({ connected, error: connection.lastErrorCode })
