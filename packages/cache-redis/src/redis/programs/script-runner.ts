import type { Redis } from 'ioredis'
import { isErrorReply } from '../../connection/error-replies.js'
import type { RedisClient } from '../../connection/redis-client.js'
import { isRefusal, type Program, type ProgramArgument, type ProgramRunner } from './program.js'
import { PROGRAMS } from './sources.js'

/**
 * The client's own methods for scripts, which its types leave out for a Cluster. `callBuffer` would
 * do the same, except on a client with automatic pipelining, which garbles it.
 */
interface ScriptCommands {
  evalshaBuffer(digest: string, keys: number, ...rest: ProgramArgument[]): Promise<unknown>
  evalBuffer(source: string, keys: number, ...rest: ProgramArgument[]): Promise<unknown>
}

/** Runs programs as scripts, by their digests, and sends those that Redis does not know. */
export const scriptRunner: ProgramRunner = {
  run(
    client: RedisClient,
    { digest, source }: Program,
    keys: readonly string[],
    args: readonly ProgramArgument[] = [],
    isWanted: () => boolean = () => true,
  ): Promise<unknown> {
    const scripts = client as unknown as ScriptCommands
    const answer = scripts.evalshaBuffer(digest, keys.length, ...keys, ...args)
    return answer.catch((error: unknown) => {
      // Redis forgets scripts when it restarts; sending one makes it known again.
      if (!isRefusal(error, 'NOSCRIPT')) throw error
      return isWanted() ? scripts.evalBuffer(source, keys.length, ...keys, ...args) : null
    })
  },
}

/**
 * Makes the scripts known to a server, so that the first call of each takes one round trip like any
 * other. Without keys they do nothing.
 */
export async function loadScripts(master: Redis): Promise<void> {
  await Promise.all(PROGRAMS.map(({ source }) => master.eval(source, 0).catch(ignoreRefusal)))
}

/** A user who may not run scripts: others ways are found for that. */
function ignoreRefusal(error: unknown): void {
  if (!isErrorReply(error)) throw error
}
