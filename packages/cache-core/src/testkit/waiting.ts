import type { CacheInterface } from '../cache-interface.js'
import type { GetOrSetOptions } from '../loading/get-or-set-options.js'
import { timers } from '../timers.js'
import { type CacheContract, isManual } from './contract.js'
import { expect } from './test-runner.js'

export interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

/** A promise that is settled from outside; Node 20 has no Promise.withResolvers. */
export function deferred(): Deferred {
  let resolve = (): void => {}
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise
  })
  return { promise, resolve: () => resolve() }
}

/** A call of `getOrSet` whose loader is running. */
export interface SlowLoad<T> {
  /** What the call answers. */
  readonly answer: Promise<T>
  /** What the loader was given to know when nobody waits any more. */
  readonly signal: AbortSignal
  /** Makes the loader answer. */
  readonly finish: () => void
  /** Makes the loader throw. */
  readonly fail: (error: unknown) => void
}

/** Starts a load that has begun when this resolves, and ends when told to. */
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
  if (signal === undefined) throw new Error('a loader was given no signal')
  return { answer, signal, finish: () => finish(), fail: (error) => fail(error) }
}

/** Asks again until the answer is as expected, for a second at most. */
export async function eventually(ask: () => Promise<unknown>, expected: unknown): Promise<void> {
  const endsAt = timers.now() + 1_000
  for (;;) {
    try {
      expect(await ask()).toEqual(expected)
      return
    } catch (error) {
      if (timers.now() > endsAt) throw error
      await elapse(2)
    }
  }
}

/**
 * Gives what is done in the background the time to be done. A cache whose clock is moved by hand does
 * it in this process, and needs less.
 */
export async function settle(contract: CacheContract): Promise<void> {
  await elapse(isManual(contract) ? 5 : 30)
}

/** Lets real time pass, as timeouts count it whatever the cache's clock is. */
export async function elapse(milliseconds: number): Promise<void> {
  await new Promise((resolve) => timers.setTimeout(resolve, milliseconds))
}
