import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Limit of the load on a source: keys per second, or `'unlimited'` for a source without other clients. Without
 * it, the load follows the latency of the source.
 */
export type Rate = number | 'unlimited'

/** Redis is busy with one page for about this long, in milliseconds. Other clients wait as long. */
const PAGE_MS = 1
const LARGEST_PAGE = 1_000
const SMALLEST_PAGE = 10
const FIRST_PAGE = 50
const PAGES_BETWEEN_PINGS = 10
/** A pause notices an interruption after this time, in milliseconds. */
const SLICE_MS = 100
/** A source that was slow may be asked faster for as long, in milliseconds. */
const BURST_MS = 100

/**
 * Adapts the size of pages to the latency of the source, and pauses between pages.
 *
 * A page keeps other clients of the source waiting. So pages are as large as the source reads in about one
 * millisecond, and the pause after a page is as long as the page took.
 */
export class Pace {
  /** Number of keys that the next page asks for. */
  count: number
  readonly #rate: number
  readonly #isUnlimited: boolean
  #pages = 0
  #pingMs = 0
  /** The time at which the rate allows the next page. */
  #nextAt = 0

  constructor(rate: Rate | undefined) {
    this.#rate = typeof rate === 'number' ? rate : Number.POSITIVE_INFINITY
    this.#isUnlimited = rate === 'unlimited'
    this.count = this.#isUnlimited ? LARGEST_PAGE : Math.min(FIRST_PAGE, Math.floor(this.#rate))
  }

  /**
   * Adapts the size of the next page, and waits until the source may be asked again.
   *
   * @param durationMs - the time between the request and the reply
   * @param ping - measures the time that a request takes without any work
   * @param signal - ends the pause
   */
  async afterPage(
    durationMs: number,
    keys: number,
    ping: () => Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const now = performance.now()
    this.#nextAt = Math.max(this.#nextAt, now - BURST_MS) + (keys / this.#rate) * 1_000
    const rateMs = this.#nextAt - now
    if (this.#isUnlimited) {
      await pause(rateMs, signal)
      return
    }
    if (this.#pages++ % PAGES_BETWEEN_PINGS === 0) {
      await ping()
      this.#pingMs = performance.now() - now
    }
    const busyMs = Math.max(0, durationMs - this.#pingMs)
    let count = this.count
    if (busyMs > 2 * PAGE_MS) count = Math.max(SMALLEST_PAGE, count >> 1)
    else if (busyMs < PAGE_MS) count = Math.min(LARGEST_PAGE, Math.ceil(count * 1.25))
    this.count = Math.min(count, Math.floor(this.#rate))
    await pause(Math.max(rateMs, busyMs), signal)
  }
}

/** Waits in short slices, because a low rate makes long pauses. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const endsAt = performance.now() + ms
  for (let left = ms; left > 0; left = endsAt - performance.now()) {
    if (signal?.aborted) return
    await sleep(Math.min(left, SLICE_MS))
  }
}
