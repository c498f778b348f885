import { findRedisServer } from './find-redis-server.js'

/** A vitest global set-up: finds a redis-server, or fails the run. Redis tests are never skipped. */
export default async function requireRedis(): Promise<void> {
  process.env['REDIS_SERVER_BIN'] = await findRedisServer()
}
