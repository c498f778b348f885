import { createHash } from 'node:crypto'
import type { RedisClient } from './redis-client.js'

/** A program that Redis runs on one key, as a single step: nothing else happens in between. */
export class Script {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  /** Text in the answer comes as bytes. */
  async run(client: RedisClient, key: string, ...args: string[]): Promise<unknown> {
    try {
      return await client.callBuffer('EVALSHA', this.#digest, 1, key, ...args)
    } catch (error) {
      // Redis forgets programs when it restarts; sending one makes it known again.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return client.callBuffer('EVAL', this.#source, 1, key, ...args)
    }
  }
}
