import { delay } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'

/** Returns the password for the next connection, such as a token that expires. */
export type CurrentPassword = () => Promise<string>

/** A longer wait would keep other connections from their turn. In milliseconds. */
const LONGEST_WAIT_MS = 10_000

const passwords = new WeakMap<Redis, CurrentPassword>()

/** Makes a client ask for the password each time it connects. */
export function usePasswordOf(redis: Redis, current: CurrentPassword | undefined): void {
  if (current !== undefined) passwords.set(redis, current)
}

export function currentPasswordOf(redis: Redis): CurrentPassword | undefined {
  return passwords.get(redis)
}

/**
 * Gives a client that is connecting the current password.
 *
 * @throws an error with the code `PASSWORD_UNAVAILABLE`, and without the cause, which may quote a secret
 */
export async function renewPassword(redis: Redis): Promise<void> {
  const current = passwords.get(redis)
  if (current === undefined) return
  const ended = new AbortController()
  try {
    const password = await Promise.race([current(), delay(LONGEST_WAIT_MS, ended.signal)])
    if (typeof password !== 'string') throw new Error('no password')
    redis.options.password = password
    // The client has read its settings when it began to connect.
    const { condition } = redis as unknown as { condition?: { auth?: unknown } | null }
    const { username } = redis.options
    if (condition) condition.auth = username ? [username, password] : password
  } catch {
    throw Object.assign(new Error('no password'), { code: 'PASSWORD_UNAVAILABLE' })
  } finally {
    ended.abort()
  }
}
