import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

export const MEGABYTE: number = 2 ** 20

/** Runs the garbage collector. */
const collectGarbage = runInNewContext('gc') as () => void

/** Returns the growth of the heap during an action, in bytes without garbage. */
export async function heapGrowth(action: () => Promise<void>): Promise<number> {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  await action()
  collectGarbage()
  return process.memoryUsage().heapUsed - before
}

/** Returns the names of the objects that are still referenced. */
export async function stillHeld(values: ReadonlyMap<string, WeakRef<object>>): Promise<string[]> {
  // The target of a weak reference is retained until the task that created the reference has ended.
  await setImmediate()
  collectGarbage()
  return [...values].filter(([, value]) => value.deref() !== undefined).map(([name]) => name)
}
