import type { Redis } from 'ioredis'
import { unavailable } from '../../connection/connection-errors.js'
import { FunctionRunner, loadFunctions, NOT_LOADED, nameOf } from './function-runner.js'
import type { KeyPrograms } from './key-programs.js'
import { LuaPrograms } from './lua-programs.js'
import { plainPrograms } from './plain-programs.js'
import { isRefusal } from './program.js'
import { scriptRunner } from './script-runner.js'
import { PEEK } from './sources.js'

/** How programs are run: what a user of Redis may do differs. */
export type ProgramWay = 'script' | 'function' | 'plain'

const scripts = new LuaPrograms(scriptRunner)

/** How each master runs programs. */
export class ServerPrograms {
  readonly #known = new Map<string, { readonly way: ProgramWay; readonly programs: KeyPrograms }>()

  /** Finds out what a master permits. */
  async learn(node: string, master: Redis): Promise<void> {
    const way = await wayOf(master)
    const programs =
      way === 'script'
        ? scripts
        : way === 'function'
          ? new LuaPrograms(new FunctionRunner(master))
          : plainPrograms
    this.#known.set(node, { way, programs })
  }

  /** Those of a master that is trusted. */
  of(node: string): KeyPrograms {
    const known = this.#known.get(node)
    if (known === undefined) throw unavailable(undefined, 'failed')
    return known.programs
  }

  /** The weakest way of all; `undefined` while no master is known. */
  get way(): ProgramWay | undefined {
    const ways = new Set(Array.from(this.#known.values(), ({ way }) => way))
    return (['plain', 'function', 'script'] as const).find((way) => ways.has(way))
  }
}

/** Scripts come first: they leave nothing behind that somebody would have to remove. */
async function wayOf(master: Redis): Promise<ProgramWay> {
  if (await isPermitted(() => master.eval('return 1', 0))) return 'script'
  const call = (): Promise<unknown> => master.call('FCALL', nameOf(PEEK), 0)
  try {
    return (await isPermitted(call)) ? 'function' : 'plain'
  } catch (error) {
    if (!isRefusal(error, NOT_LOADED)) throw error
    return (await isPermitted(() => loadFunctions(master))) ? 'function' : 'plain'
  }
}

async function isPermitted(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch (error) {
    if (isRefusal(error, 'NOPERM') || isRefusal(error, 'ERR unknown command')) return false
    throw error
  }
}
