import { onAbort } from '../abort-listeners.js'
import { timers } from '../timers.js'
import type { Flight } from './single-flight.js'

/** Result of {@link waitFor} after the timeout. */
export const TIMED_OUT: unique symbol = Symbol('timed out')

/** Maximum delay of a timer of Node, about 24 days. A longer timeout is ignored. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Waits for a load until the timeout or until the signal is aborted. The load itself continues.
 *
 * @throws the error of the loader, or the reason of the signal
 */
export async function waitFor<T>(
  flight: Flight<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T | typeof TIMED_OUT> {
  if (signal === undefined && timeoutMs > LONGEST_TIMER_MS) return flight.result
  // A listener added after the abort would not be called.
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

/** Replaces `Promise.withResolvers`, which Node 20 does not have. */
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
