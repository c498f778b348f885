import { malformedReply } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'

/**
 * Reads several names as text.
 *
 * @returns `null` where there is none, and for another type
 * @throws InfrastructureError (`BACKEND_MALFORMED_REPLY`) for anything but one text for each name
 */
export async function readTexts(
  client: RedisClient,
  names: readonly string[],
): Promise<(string | null)[]> {
  const reply: unknown = await client.mget(...names)
  const isList =
    Array.isArray(reply) &&
    reply.length === names.length &&
    reply.every((text) => text === null || typeof text === 'string')
  if (!isList) throw malformedReply('it must be a list of texts')
  return reply as (string | null)[]
}
