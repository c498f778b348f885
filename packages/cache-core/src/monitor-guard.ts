import { invalidOption } from './argument-errors.js'
import { describeType, isError } from './errors.js'
import { type Logger, logSafely } from './logger.js'
import type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  MemoryHolder,
  OperationOutcome,
  ResponseOutcome,
  TextSize,
} from './monitor.js'
import { isPromiseLike } from './timers.js'

/** Monitors whose first failure is reported. */
const reported = new WeakSet<object>()
/** Logger of the cache that uses a monitor. */
const loggers = new WeakMap<object, Logger>()

/** Returns whether a value is an object with a method of this name. */
export function hasMethod(value: unknown, method: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  try {
    return typeof Reflect.get(value, method) === 'function'
  } catch {
    // A getter that throws is reported when the cache uses it. It must not fail the constructor.
    return true
  }
}

/**
 * Checks the option `performanceMonitor`.
 *
 * @param method - method that the caller needs. Other methods may be missing in programs without types,
 * and are then not called.
 * @throws ConfigurationError (`INVALID_OPTION`) unless the monitor is undefined or has the method
 */
export function assertMonitor(
  monitor: unknown,
  method: keyof CacheMonitor = 'observeOperation',
): asserts monitor is CacheMonitor | undefined {
  if (monitor === undefined || hasMethod(monitor, method)) return
  throw invalidOption('performanceMonitor', `an object with the method ${method}`, monitor)
}

/**
 * Passes calls on to a monitor, and never throws. A monitor may throw, reject a promise or have a getter
 * that throws.
 *
 * The first failure of a monitor is reported to the logger, or by `process.emitWarning` without one. The
 * report names the method and the class of the error, never its message.
 */
export class MonitorGuard implements Required<CacheMonitor> {
  readonly #monitor: CacheMonitor
  readonly #logger: Logger | undefined
  readonly #combination: object

  /**
   * @param combination - monitor that passes its calls on to this one. The logger of its guard is used
   * when `logger` is missing
   */
  constructor(monitor: CacheMonitor, logger?: Logger, combination: object = monitor) {
    this.#monitor = monitor
    this.#logger = logger
    this.#combination = combination
    if (logger !== undefined) loggers.set(monitor, logger)
  }

  // The three methods of a hit do not use `call`: an array of arguments would take as long as the rest.
  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void {
    try {
      const result: unknown = this.#monitor.observeOperation(operation, outcome, tier, milliseconds)
      if (result !== undefined) this.#watch('observeOperation', result)
    } catch (error) {
      this.#report('observeOperation', error)
    }
  }

  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void {
    try {
      // Programs without types may pass a monitor without this method.
      const monitor: Partial<CacheMonitor> = this.#monitor
      const result: unknown = monitor.observeKeyGeneration?.(milliseconds, textLength, operation)
      if (result !== undefined) this.#watch('observeKeyGeneration', result)
    } catch (error) {
      this.#report('observeKeyGeneration', error)
    }
  }

  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void {
    this.call('observeCompression', originalBytes, compressedBytes, milliseconds)
  }

  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void {
    this.call('observeInvalidation', keysInvalidated, milliseconds, reason)
  }

  observeMemory(holder: MemoryHolder): void {
    this.call('observeMemory', holder)
  }

  observeResponse(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
    textSize?: TextSize,
  ): void {
    try {
      const monitor = this.#monitor
      const result: unknown = monitor.observeResponse?.(
        operation,
        model,
        outcome,
        milliseconds,
        textSize,
      )
      if (result !== undefined) this.#watch('observeResponse', result)
    } catch (error) {
      this.#report('observeResponse', error)
    }
  }

  /**
   * Calls any method of the monitor, if the monitor has it.
   *
   * @returns the result of the method; `undefined` when the method is missing or throws
   */
  call(method: string, ...args: readonly unknown[]): unknown {
    try {
      const called: unknown = Reflect.get(this.#monitor, method)
      if (called === undefined) return undefined
      const result: unknown = Reflect.apply(called as () => unknown, this.#monitor, args)
      this.#watch(method, result)
      return result
    } catch (error) {
      this.#report(method, error)
      return undefined
    }
  }

  #watch(method: string, result: unknown): void {
    if (!isPromiseLike(result)) return
    result.then(undefined, (error: unknown) => this.#report(method, error))
  }

  #report(method: string, error: unknown): void {
    if (reported.has(this.#monitor)) return
    reported.add(this.#monitor)
    const message =
      `performanceMonitor.${method} failed with ${nameOf(error)}. The cache continues. ` +
      'Later failures of this monitor are not reported.'
    const logger = this.#logger ?? loggers.get(this.#combination)
    if (logger !== undefined) {
      logSafely(logger, 'warn', message)
      return
    }
    try {
      process.emitWarning(message, { code: 'VERBATIM_MONITOR_FAILED' })
    } catch {
      // No other place is left to report to.
    }
  }
}

/** Returns the class of an error. The message may contain a value, and is not shown. */
function nameOf(error: unknown): string {
  try {
    const name = isError(error) ? error.name : ''
    return /^\w{1,40}$/.test(name) ? name : describeType(error)
  } catch {
    return 'an error'
  }
}
