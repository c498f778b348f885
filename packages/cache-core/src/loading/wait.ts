import { onAbort } from '../abort-listeners.js'
import { timers } from '../timers.js'
import type { Flight } from './single-flight.js'

/** What waiting ends in when the time is up. */
export const TIMED_OUT: unique symbol = Symbol('timed out')

/** Node's timers cannot run longer, about 24 days; then there is no timeout. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Waits for a load, for so long and while the signal is not aborted. Either ends the waiting only:
 * what becomes of the load is for the caller to say.
 *
 * @throws what the loader threw, or the signal's reason
 */
export async function waitFor<T>(
  flight: Flight<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T | typeof TIMED_OUT> {
  if (signal === undefined && timeoutMs > LONGEST_TIMER_MS) return flight.result
  // A signal says so only once: who comes later has to look.
  if (signal?.aborted) throw signal.reason
  const { promise, resolve, reject } = withResolvers<T | typeof TIMED_OUT>()
  const timer =
    timeoutMs > LONGEST_TIMER_MS
      ? undefined
      : timers.setTimeout(() => resolve(TIMED_OUT), timeoutMs)
  const stopListening = signal && onAbort(signal, () => reject(signal.reason))
  flight.result.then(resolve, reject)
  try {
    return await promise
  } finally {
    timers.clearTimeout(timer)
    stopListening?.()
  }
}

/** Node 20 does not have `Promise.withResolvers`. */
function withResolvers<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
} {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}
