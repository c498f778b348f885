import { onAbort } from './abort-listeners.js'

// Bound when the module loads, because fake timers may replace these functions later.
const now: () => number = performance.now.bind(performance)
const wallTime: () => number = Date.now.bind(Date)
const nextTick: typeof process.nextTick = process.nextTick.bind(process)

/** The timers and clocks of the platform. */
interface Timers {
  setTimeout: typeof globalThis.setTimeout
  clearTimeout: typeof globalThis.clearTimeout
  setInterval: typeof globalThis.setInterval
  clearInterval: typeof globalThis.clearInterval
  setImmediate: typeof globalThis.setImmediate
  queueMicrotask: typeof globalThis.queueMicrotask
  nextTick: typeof process.nextTick
  /** Returns milliseconds on the monotonic clock. */
  now: () => number
  /** Returns milliseconds since 1970. */
  wallTime: () => number
}

/**
 * The timers and clocks of the platform, captured when this module loads.
 *
 * Test frameworks replace the globals with fakes that stand still. A cache that used the fakes would wait
 * forever for its own time limits. To test expiry, pass a `ManualClock` to the cache instead.
 */
export const timers: Timers = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  queueMicrotask: globalThis.queueMicrotask,
  nextTick,
  now,
  wallTime,
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

/** Handles the rejection of a value that may be a promise. Without a handler, it would end the process. */
export function ignoreRejection(value: unknown): void {
  if (isPromiseLike(value)) value.then(undefined, () => undefined)
}

/** Returns whether a value is a promise of any implementation: native, zone.js, bluebird or another realm. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
