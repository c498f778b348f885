import type { Redis, RedisOptions } from 'ioredis'
import { hookMethod } from './method-hook.js'

type Login = Pick<RedisOptions, 'username' | 'password'>

/** The parts of a command that the types of the client do not show. */
interface SentCommand {
  readonly name: string
  readonly args: readonly unknown[]
  readonly promise: Promise<unknown>
}

interface Seen {
  readonly login: Login
  /** What the settings said when the login succeeded. */
  readonly settings: Login
}

const seen = new WeakMap<Redis, Seen>()

/**
 * Returns the user and password of a client as they are now: those that its owner has logged in with
 * last by `auth`, unless the settings have been changed since.
 */
export function loginOf(client: Redis): Login {
  const settings = settingsOf(client)
  const last = seen.get(client)
  if (last === undefined) return settings
  const { username, password } = last.settings
  const isChanged = username !== settings.username || password !== settings.password
  return isChanged ? settings : last.login
}

/**
 * Notices when the owner of a client logs in by `auth`, which leaves no trace in the settings.
 *
 * @returns how to stop
 */
export function watchLogin(client: Redis): () => void {
  return hookMethod(client, 'sendCommand', (original) => {
    const send = original as unknown as (command: SentCommand, ...rest: unknown[]) => unknown
    return (command: SentCommand, ...rest: unknown[]) => {
      const isLogin = command.name.toLowerCase() === 'auth'
      // The client itself logs in by its settings, before it is ready.
      if (isLogin && client.status === 'ready') void noteLogin(client, command)
      return send(command, ...rest)
    }
  })
}

async function noteLogin(client: Redis, { args, promise }: SentCommand): Promise<void> {
  const words = args.map(String)
  const [username, password] = words.length === 1 ? ['default', words[0]] : words
  const settings = settingsOf(client)
  try {
    await promise
    if (username !== undefined && password !== undefined) {
      seen.set(client, { login: { username, password }, settings })
    }
  } catch {
    // The login before is still the one.
  }
}

function settingsOf({ options: { username, password } }: Redis): Login {
  return { ...(username && { username }), ...(password && { password }) }
}
