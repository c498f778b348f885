import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

export const MEGABYTE: number = 2 ** 20

/** Frees what nobody holds, now. */
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes by which the heap has grown while doing this, garbage not counted. */
export async function heapGrowth(action: () => Promise<void>): Promise<number> {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  await action()
  collectGarbage()
  return process.memoryUsage().heapUsed - before
}

/** The names of those that are still held by somebody. */
export async function stillHeld(values: ReadonlyMap<string, WeakRef<object>>): Promise<string[]> {
  // A weak reference holds on until the task that made it has ended.
  await setImmediate()
  collectGarbage()
  return [...values].filter(([, value]) => value.deref() !== undefined).map(([name]) => name)
}
