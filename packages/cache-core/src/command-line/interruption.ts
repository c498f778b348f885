/** By convention, 128 plus the number of the signal. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Maximum duration of the cleanup of a command. */
const GRACE_MS = 2_000

type ExitCode = number | string | undefined

/**
 * Aborts a signal when the process receives a signal to end, or when the reader of its output closes the
 * pipe. The command then has two seconds to clean up. A second signal ends the process at once.
 */
export class Interruption {
  readonly #controller = new AbortController()
  #exitCode: (() => ExitCode) | undefined
  #isFinished = false

  constructor() {
    for (const [name, code] of Object.entries(EXIT_CODES)) {
      process.on(name, () => {
        if (this.#exitCode === undefined) this.#begin(() => code)
        else process.exit(code)
      })
    }
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      const isUnread = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED'
      if (!isUnread) this.fail(`standard output cannot be written (${error.code ?? 'unknown'})`)
      // The reader has read enough, so the exit code is not changed.
      if (this.#exitCode === undefined) this.#begin(() => process.exitCode ?? 0)
    })
    // The command continues without a reader of its messages.
    process.stderr.on('error', () => undefined)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Prints one line and ends the process with 1. */
  fail(message: string): never {
    process.stderr.write(`error: ${message}\n`)
    process.exit(1)
  }

  /** Ends the process now or later, when it is interrupted. Called after the cleanup of the command. */
  finish(): void {
    this.#isFinished = true
    if (this.#exitCode !== undefined) process.exit(this.#exitCode())
  }

  #begin(exitCode: () => ExitCode): void {
    this.#exitCode = exitCode
    // A closed pipe may be noticed only after the command has ended.
    if (this.#isFinished) this.finish()
    setTimeout(() => this.finish(), GRACE_MS)
    this.#controller.abort()
  }
}
