import type { CacheInterface } from '../cache-interface.js'
import type { GetOrSetOptions } from '../loading/get-or-set-options.js'
import { timers } from '../timers.js'
import { type CacheContract, isManual } from './contract.js'
import { expect } from './test-runner.js'

export interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

/** Creates a promise that is settled from outside. Node 20 has no `Promise.withResolvers`. */
export function deferred(): Deferred {
  let resolve = (): void => {}
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise
  })
  return { promise, resolve: () => resolve() }
}

/** A call of `getOrSet` whose loader is running. */
export interface SlowLoad<T> {
  /** Result of the call. */
  readonly answer: Promise<T>
  /** Signal of the loader. */
  readonly signal: AbortSignal
  /** Makes the loader return. */
  readonly finish: () => void
  /** Makes the loader throw. */
  readonly fail: (error: unknown) => void
}

/** Starts a load that ends on demand. Resolves when the loader is running. */
export async function slowLoad<T>(
  cache: CacheInterface,
  key: string,
  value: T,
  options?: GetOrSetOptions,
): Promise<SlowLoad<T>> {
  const begun = deferred()
  let signal: AbortSignal | undefined
  let finish = (): void => {}
  let fail: (error: unknown) => void = () => {}
  const loaded = new Promise<T>((resolve, reject) => {
    finish = () => resolve(value)
    fail = reject
  })
  const load = (context: { signal: AbortSignal }): Promise<T> => {
    signal = context.signal
    begun.resolve()
    return loaded
  }
  const answer = cache.getOrSet<T>(key, load, options)
  await begun.promise
  if (signal === undefined) throw new Error('the loader has received no signal')
  return { answer, signal, finish: () => finish(), fail: (error) => fail(error) }
}

/** Repeats a read until its result is as expected, for at most one second. */
export async function eventually(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  const endsAt = timers.now() + 1_000
  for (;;) {
    try {
      expect(await read()).toEqual(expected)
      return
    } catch (error) {
      if (timers.now() > endsAt) throw error
      await elapse(2)
    }
  }
}

/**
 * Waits for work in the background. A cache with a manual clock works in this process and needs less time.
 */
export async function settle(contract: CacheContract): Promise<void> {
  await elapse(isManual(contract) ? 5 : 30)
}

/** Waits for real time, which timeouts use with any clock. */
export async function elapse(milliseconds: number): Promise<void> {
  await new Promise((resolve) => timers.setTimeout(resolve, milliseconds))
}
