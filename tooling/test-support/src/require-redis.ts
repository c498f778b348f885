import { findRedisServer } from './find-redis-server.js'

/** Finds a redis-server or fails the run, so that Redis tests are never skipped. Vitest calls it first. */
export default async function requireRedis(): Promise<void> {
  process.env['REDIS_SERVER_BIN'] = await findRedisServer()
}
