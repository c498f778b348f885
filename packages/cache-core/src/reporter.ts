import { invalidOption } from './argument-errors.js'
import { assertLogger, assertName, type Logger, type LogLevel, logSafely } from './logger.js'
import { emitWarning } from './process-warnings.js'
import { timers } from './timers.js'

/** Options of a cache or a monitor for messages to people. */
export interface ReporterSettings {
  readonly name?: string | undefined
  readonly logger?: Logger | undefined
}

/** A message about one topic is logged at most once in this period. */
const QUIET_PERIOD_MS = 60_000
/** Maximum number of topics in memory. */
const MOST_TOPICS = 1_000

interface Topic {
  loggedAt: number
  omitted: number
}

/**
 * Sends messages to the logger of a cache. Without a logger, important messages become warnings of the
 * process.
 *
 * A logger that throws never fails a call.
 */
export class Reporter {
  readonly #prefix: string
  readonly #logger: Logger | undefined
  readonly #warned = new Set<string>()
  readonly #topics = new Map<string, Topic>()
  readonly #now: () => number

  /**
   * @param now - returns milliseconds on a clock that never jumps. Default: the clock of the machine
   * @throws ConfigurationError (`INVALID_OPTION`) for a bad name or logger, or settings of another type
   */
  constructor(settings: ReporterSettings = {}, now: () => number = timers.now) {
    assertObject(settings)
    const { name, logger } = settings
    assertName(name)
    assertLogger(logger)
    this.#prefix = name === undefined ? '' : `${name}: `
    this.#logger = logger
    this.#now = now
  }

  /** Whether there is a logger. Without one, callers need not compose most messages. */
  get hasLogger(): boolean {
    return this.#logger !== undefined
  }

  /** Logs a message, if there is a logger. */
  log(level: LogLevel, message: string): void {
    if (this.#logger !== undefined) logSafely(this.#logger, level, `${this.#prefix}${message}`)
  }

  /**
   * Logs a message about a topic at most once a minute. The next message contains the number of omitted
   * ones.
   *
   * @param topic - subject of the message, such as an error code
   */
  logRarely(level: LogLevel, topic: string, message: string): void {
    if (this.#logger === undefined) return
    const now = this.#now()
    const known = this.#topics.get(topic)
    if (known !== undefined && now - known.loggedAt < QUIET_PERIOD_MS) {
      known.omitted++
      return
    }
    const omitted = known?.omitted ?? 0
    if (this.#topics.size >= MOST_TOPICS) this.#topics.clear()
    this.#topics.set(topic, { loggedAt: now, omitted: 0 })
    const since = omitted === 0 ? '' : ` (${omitted} more since the last such message)`
    this.log(level, `${message}${since}`)
  }

  /**
   * Logs a message. Without a logger, emits it as a warning of the process, once for each topic.
   *
   * @param code - code of the warning, for filters
   * @param topic - subject of the warning. Default: the code
   * @returns whether the message was logged or emitted
   */
  notify(level: LogLevel, code: string, message: string, topic: string = code): boolean {
    if (this.#logger !== undefined) {
      this.log(level, message)
      return true
    }
    return this.#warnOnce(code, message, topic)
  }

  /** Does the same as `notify`, but logs at most once a minute for each topic. */
  notifyRarely(level: LogLevel, code: string, message: string, topic: string = code): void {
    if (this.#logger !== undefined) this.logRarely(level, topic, message)
    else this.#warnOnce(code, message, topic)
  }

  /** Does the same as `notify`, but logs only once for each topic. */
  notifyOnce(level: LogLevel, code: string, message: string, topic: string = code): void {
    if (this.#warned.has(topic)) return
    if (this.#logger === undefined) this.#warnOnce(code, message, topic)
    else {
      this.#warned.add(topic)
      this.log(level, message)
    }
  }

  #warnOnce(code: string, message: string, topic: string): boolean {
    if (this.#warned.has(topic)) return false
    this.#warned.add(topic)
    return emitWarning(code, message, this.#prefix)
  }
}

/** Checks only the type, because caches pass all of their options, with name and logger among them. */
function assertObject(settings: unknown): void {
  if (typeof settings === 'object' && settings !== null) return
  throw invalidOption('settings', 'an object', settings)
}
