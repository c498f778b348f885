import { SingleBar } from 'cli-progress'
import type { OnProgress, Progress } from './progress.js'

/** Milliseconds between two lines, if the output is not a terminal. Short runs print none. */
const LINE_INTERVAL = 10_000

/** Milliseconds between two states of the bar. A line takes longer to format than a key to copy. */
const BAR_INTERVAL = 100

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Calls `run` with an observer that shows its progress until `run` ends. */
export async function showProgress<T>(run: (onProgress: OnProgress) => Promise<T>): Promise<T> {
  using display = new ProgressDisplay()
  return await run(display.update)
}

/**
 * Shows the progress of a run: a bar on a terminal, otherwise a line every ten seconds. The bar vanishes at the
 * end, so that the summary stands alone.
 */
class ProgressDisplay implements Disposable {
  readonly #output: NodeJS.WriteStream
  #bar: SingleBar | undefined
  #first: { readonly at: number; readonly keys: number } | undefined
  readonly #interval: number
  #nextAt: number

  constructor(output: NodeJS.WriteStream = process.stderr) {
    this.#output = output
    this.#interval = output.isTTY ? BAR_INTERVAL : LINE_INTERVAL
    this.#nextAt = performance.now() + (output.isTTY ? 0 : LINE_INTERVAL)
  }

  /** Shows the latest progress. It can be called as often as the run likes. */
  readonly update: OnProgress = (progress) => {
    const now = performance.now()
    // A resumed run starts with the keys of the earlier run.
    this.#first ??= { at: now, keys: progress.keys }
    if (now < this.#nextAt) return
    this.#nextAt = now + this.#interval
    const seconds = (now - this.#first.at) / 1_000
    const line = lineFor(progress, seconds === 0 ? 0 : (progress.keys - this.#first.keys) / seconds)
    if (this.#output.isTTY) this.#draw(progress, line)
    else this.#output.write(`${line}\n`)
  };

  [Symbol.dispose](): void {
    this.#bar?.stop()
  }

  #draw(progress: Progress, line: string): void {
    const { keys } = progress
    // A source that grows can have more keys than it had at the start.
    const total = Math.max(progress.total ?? 0, keys)
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        format: progress.total === undefined ? '{line}' : '[{bar}] {percentage} % | {line}',
        stream: this.#output,
        clearOnComplete: true,
        // The command handles signals itself.
        gracefulExit: false,
      })
      this.#bar.start(total, keys, { line })
    } else {
      this.#bar.setTotal(total)
      this.#bar.update(keys, { line })
    }
  }
}

/** Returns the number of keys, the rate and the time left. */
function lineFor({ keys, total }: Progress, rate: number): string {
  const parts = [
    total === undefined
      ? `${number.format(keys)} keys`
      : `${number.format(keys)} of ${number.format(Math.max(total, keys))} keys`,
    `${number.format(rate)} keys/s`,
  ]
  if (total !== undefined && rate > 0) {
    parts.push(`${durationOf(Math.max(0, total - keys) / rate)} left`)
  }
  return parts.join(', ')
}

/** Returns a duration such as `2 h 5 min` or `12 s`. */
function durationOf(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.ceil(whole / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
