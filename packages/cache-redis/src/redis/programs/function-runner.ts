import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { RedisClient } from '../../connection/redis-client.js'
import { isRefusal, type Program, type ProgramArgument, type ProgramRunner } from './program.js'
import { PROGRAMS } from './sources.js'

interface FunctionCommands {
  fcallBuffer(name: string, keys: number, ...rest: ProgramArgument[]): Promise<unknown>
}

const ALL_DIGESTS = PROGRAMS.map(({ digest }) => digest).join('')
/** Another version of this package brings other functions, and finds its own. */
const LIBRARY_NAME: string = `verbatim_${createHash('sha1').update(ALL_DIGESTS).digest('hex').slice(0, 12)}`

/** What `FUNCTION LOAD` takes. Where users may not load it themselves, their administrator can. */
export const FUNCTION_LIBRARY: string = [
  `#!lua name=${LIBRARY_NAME}`,
  ...PROGRAMS.map(
    (program) => `redis.register_function{
function_name='${nameOf(program)}',
flags={${program.flags.map((flag) => `'${flag}'`).join(', ')}},
callback=function(KEYS, ARGV)
${program.source}
end}`,
  ),
  '',
].join('\n')

export const NOT_LOADED = 'ERR Function not found'

export function nameOf({ name }: Program): string {
  return `${LIBRARY_NAME}_${name}`
}

export async function loadFunctions(master: Redis): Promise<void> {
  await master.call('FUNCTION', 'LOAD', 'REPLACE', FUNCTION_LIBRARY)
}

/** Runs programs as functions, and loads them where Redis has lost them. */
export class FunctionRunner implements ProgramRunner {
  readonly #master: Redis

  constructor(master: Redis) {
    this.#master = master
  }

  async run(
    client: RedisClient,
    program: Program,
    keys: readonly string[],
    args: readonly ProgramArgument[] = [],
    isWanted: () => boolean = () => true,
  ): Promise<unknown> {
    const functions = client as unknown as FunctionCommands
    const name = nameOf(program)
    try {
      return await functions.fcallBuffer(name, keys.length, ...keys, ...args)
    } catch (error) {
      if (!isRefusal(error, NOT_LOADED)) throw error
      await loadFunctions(this.#master)
      return isWanted() ? functions.fcallBuffer(name, keys.length, ...keys, ...args) : null
    }
  }
}
