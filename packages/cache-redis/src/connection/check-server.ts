import { isErrorReply, meaningOf, replyOf } from './error-replies.js'
import type { RedisClient } from './redis-client.js'

/**
 * Rejects unless the server answers, in the right database, and is a master. None of it needs a
 * permission that a user of a cache might lack: `INFO`, by which the client would ask, does.
 *
 * @param database - 0 for whichever the client uses
 */
export async function checkServer(server: RedisClient, database: number): Promise<void> {
  await Promise.all([
    // The client goes on in database 0 when the one it was told to use is refused.
    database === 0 ? undefined : server.select(database),
    // Refused like any write while Redis cannot save its data, though reads are not.
    server.ping().catch(ignoreSmallRefusal),
    server.call('HELLO').then(assertMaster, ignoreSmallRefusal),
  ])
}

/** @throws Error that reads like the answer that a replica would give to every write */
function assertMaster(hello: unknown): void {
  // A list of names and values.
  const properties = Array.isArray(hello) ? hello.map(String) : []
  const role = properties[properties.indexOf('role') + 1]
  if (properties.includes('role') && role !== 'master') {
    throw Object.assign(new Error('READONLY'), { name: 'ReplyError' })
  }
}

/** Redis before 6 knows no HELLO, and a user may lack the right to one or the other. */
function ignoreSmallRefusal(error: unknown): void {
  if (!isErrorReply(error) || meaningOf(replyOf(error as Error)).endsTrust) throw error
}
