import type { Redis, RedisOptions } from 'ioredis'
import { hookMethod } from './client-hooks.js'

type Login = Pick<RedisOptions, 'username' | 'password'>

/** The parts of a command that the client's types do not have. */
interface SentCommand {
  readonly name: string
  readonly args: readonly unknown[]
  readonly promise: Promise<unknown>
}

interface ObservedLogin {
  readonly login: Login
  /** The settings at the time of the login. */
  readonly settings: Login
}

const observed = new WeakMap<Redis, ObservedLogin>()

/**
 * Returns the current user and password of a client: those of the owner's last `auth`, unless the settings
 * have changed since.
 */
export function loginOf(client: Redis): Login {
  const settings = settingsOf(client)
  const last = observed.get(client)
  if (last === undefined) return settings
  const { username, password } = last.settings
  const isChanged = username !== settings.username || password !== settings.password
  return isChanged ? settings : last.login
}

/**
 * Observes when the owner of a client logs in by `auth`, which does not change the settings.
 *
 * @returns a function that stops
 */
export function watchLogin(client: Redis): () => void {
  return hookMethod(client, 'sendCommand', (original) => {
    const send = original as unknown as (command: SentCommand, ...rest: unknown[]) => unknown
    return (command: SentCommand, ...rest: unknown[]) => {
      const isLogin = command.name.toLowerCase() === 'auth'
      // Before the client is ready, it logs in by its settings.
      if (isLogin && client.status === 'ready') void observeLogin(client, command)
      return send(command, ...rest)
    }
  })
}

async function observeLogin(client: Redis, { args, promise }: SentCommand): Promise<void> {
  const words = args.map(String)
  const [username, password] = words.length === 1 ? ['default', words[0]] : words
  const settings = settingsOf(client)
  try {
    await promise
    if (username !== undefined && password !== undefined) {
      observed.set(client, { login: { username, password }, settings })
    }
  } catch {
    // The earlier login stays valid.
  }
}

function settingsOf({ options: { username, password } }: Redis): Login {
  return { ...(username && { username }), ...(password && { password }) }
}
