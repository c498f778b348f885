import { createHash } from 'node:crypto'
import type { RedisClient } from '../connection/redis-client.js'

export type ScriptArgument = string | number | Buffer

/**
 * The client's own methods for programs, which its types leave out for a Cluster. `callBuffer` would
 * do the same, except on a client with automatic pipelining, which garbles it.
 */
interface ProgramCommands {
  evalshaBuffer(digest: string, keys: number, ...rest: ScriptArgument[]): Promise<unknown>
  evalBuffer(source: string, keys: number, ...rest: ScriptArgument[]): Promise<unknown>
}

/** A program that Redis runs on keys of one node, as a single step: nothing happens in between. */
export class Script {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  /**
   * Text in the answer comes as bytes.
   *
   * @param isWanted - asked before the program is sent once more: by then a command that was sent
   * later has been carried out, perhaps. If it says no, the answer is `null`
   */
  run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly ScriptArgument[] = [],
    isWanted: () => boolean = () => true,
  ): Promise<unknown> {
    const programs = client as unknown as ProgramCommands
    const answer = programs.evalshaBuffer(this.#digest, keys.length, ...keys, ...args)
    return answer.catch((error: unknown) => {
      // Redis forgets programs when it restarts; sending one makes it known again.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return isWanted() ? programs.evalBuffer(this.#source, keys.length, ...keys, ...args) : null
    })
  }
}
