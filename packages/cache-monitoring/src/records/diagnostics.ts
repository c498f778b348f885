import type { Logger } from '@verbatim/cache-core'

/**
 * Reports what is wrong with the use of a monitor, each kind once: to its logger, or by
 * `process.emitWarning` without one.
 */
export class Diagnostics {
  readonly #name: string
  readonly #logger: Logger | undefined
  readonly #reported = new Set<string>()

  constructor(name: string, logger: Logger | undefined) {
    this.#name = name
    this.#logger = logger
  }

  /** @param kind - what the message is about; the first message of each kind is reported */
  warnOnce(kind: string, message: string): void {
    if (this.#reported.has(kind)) return
    this.#reported.add(kind)
    if (this.#logger !== undefined) this.log('warn', message)
    else process.emitWarning(`${this.#name}: ${message}`, { code: `VERBATIM_${kind}` })
  }

  /** Logs to the logger, if there is one. A logger that throws disturbs nobody. */
  log(level: keyof Logger, message: string): void {
    try {
      this.#logger?.[level](`${this.#name}: ${message}`)
    } catch {
      // There is nobody left to report to.
    }
  }
}
