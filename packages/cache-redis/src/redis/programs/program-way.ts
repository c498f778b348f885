import type { Redis } from 'ioredis'
import { FunctionRunner, loadFunctions, NOT_LOADED, nameOf } from './function-runner.js'
import type { KeyPrograms } from './key-programs.js'
import { LuaPrograms } from './lua-programs.js'
import { plainPrograms } from './plain-programs.js'
import { isRefusal } from './program.js'
import { scriptRunner } from './script-runner.js'
import { PEEK } from './sources.js'

/** How programs are run: what a user of Redis may do differs. */
export type ProgramWay = 'script' | 'function' | 'plain'

/** From the one that promises least. */
const WAYS: readonly ProgramWay[] = ['plain', 'function', 'script']

const scripts = new LuaPrograms(scriptRunner)

/** Finds out what a master permits. Scripts come first: they leave nothing behind to be removed. */
export async function wayOf(master: Redis): Promise<ProgramWay> {
  if (await isPermitted(() => master.eval('return 1', 0))) return 'script'
  const call = (): Promise<unknown> => master.call('FCALL', nameOf(PEEK), 0)
  try {
    return (await isPermitted(call)) ? 'function' : 'plain'
  } catch (error) {
    if (!isRefusal(error, NOT_LOADED)) throw error
    return (await isPermitted(() => loadFunctions(master))) ? 'function' : 'plain'
  }
}

export function programsFor(master: Redis, way: ProgramWay): KeyPrograms {
  if (way === 'plain') return plainPrograms
  return way === 'script' ? scripts : new LuaPrograms(new FunctionRunner(master))
}

/** The one of these ways that promises least; `undefined` if there are none. */
export function weakest(ways: readonly ProgramWay[]): ProgramWay | undefined {
  return WAYS.find((way) => ways.includes(way))
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
