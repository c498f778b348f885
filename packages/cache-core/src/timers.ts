import { onAbort } from './abort-listeners.js'

const { now } = performance
const { now: wallTime } = Date
const { nextTick } = process

/**
 * The timers and clocks of the platform, captured when this module loads.
 *
 * Test frameworks replace the globals with fakes that stand still. A cache that used the fakes would
 * wait forever for its own time limits. To test expiry, pass a `ManualClock` to the cache instead.
 *
 * @internal shared by the Verbatim packages; not part of the public interface
 */
export const timers = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  queueMicrotask: globalThis.queueMicrotask,
  nextTick: nextTick.bind(process) as typeof process.nextTick,
  /** Milliseconds on the monotonic clock. */
  now: now.bind(performance) as () => number,
  /** Milliseconds since 1970. */
  wallTime: wallTime as () => number,
}

/** Resolves after a time, in milliseconds. The timer does not keep the process alive. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve()
      return
    }
    const end = (): void => {
      timers.clearTimeout(timer)
      stopListening?.()
      resolve()
    }
    const timer = timers.setTimeout(end, milliseconds).unref()
    const stopListening = signal && onAbort(signal, end)
  })
}

/** Whether a value is a promise of any implementation: native, zone.js, bluebird, another realm's. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
