import { createHash } from 'node:crypto'
import type { RedisClient } from '../../connection/redis-client.js'

/** What Redis has to know of a program to run it as a function in its last bytes of memory. */
export type ProgramFlag = 'no-writes' | 'allow-oom'

export type ProgramArgument = string | number | Buffer

/** A program that Redis runs on keys of one node, as a single step: nothing happens in between. */
export class Program {
  readonly name: string
  /** In Lua; finds its keys in `KEYS`, its arguments in `ARGV`. */
  readonly source: string
  readonly flags: readonly ProgramFlag[]
  /** Of the source, as Redis knows it. */
  readonly digest: string

  constructor(name: string, source: string, flags: readonly ProgramFlag[] = []) {
    this.name = name
    // Run without keys it does nothing, so that a server can be made to know it.
    this.source = `if #KEYS == 0 then return 0 end\n${source}`
    this.flags = flags
    this.digest = createHash('sha1').update(this.source).digest('hex')
  }
}

/** A way to have Redis run programs. Text in their answers comes as bytes. */
export interface ProgramRunner {
  /**
   * @param isWanted - asked before the program is sent once more: by then a command that was sent
   * later has been carried out, perhaps. If it says no, the answer is `null`
   */
  run(
    client: RedisClient,
    program: Program,
    keys: readonly string[],
    args?: readonly ProgramArgument[],
    isWanted?: () => boolean,
  ): Promise<unknown>
}

const REFUSALS_OF_WRITES = ['OOM', 'NOREPLICAS', 'MISCONF']

/** Whether Redis takes no writes for the time being, and may be read. */
export function isRefusalOfWrites(error: unknown): error is Error {
  return REFUSALS_OF_WRITES.some((word) => isRefusal(error, word))
}

/** Whether a reply is this refusal, of which the first words are given. */
export function isRefusal(error: unknown, words: string): error is Error {
  return error instanceof Error && error.message.startsWith(words)
}
