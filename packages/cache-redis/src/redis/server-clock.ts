import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { chain, type MaybePromise } from '../maybe-promise.js'

/** A sample of this age is replaced by any newer one, because clocks drift and are set. */
const SAMPLE_MS = 5_000
/** The largest drift of a server's clock between two samples, in milliseconds. */
const MAX_DRIFT_MS = 3

/**
 * Estimates a server's clock from both sides: what it shows at least, and what it shows at most.
 *
 * A write carries a deadline on the server's clock, so that a write that timed out here cannot take
 * effect there later. A value carries the time when its TTL ends. Both must be too early rather than too
 * late, so they use the lower bound: the server read its clock before its reply arrived. A value that was
 * read must not look fresher than it is, so its age uses the upper bound: the server read its clock after
 * it was asked.
 */
export class ServerClock {
  /** The server's time minus the time of this process, at least and at most. */
  #least = Number.NEGATIVE_INFINITY
  #most = Number.POSITIVE_INFINITY
  #sampledAt = Number.NEGATIVE_INFINITY

  /**
   * Adds a sample.
   *
   * @param serverMs - what the server's clock showed, in whole milliseconds
   * @param askedAt - when it was asked, on the clock of this process
   * @param now - when its reply arrived
   */
  sample(serverMs: number, askedAt: number, now: number = timers.now()): void {
    const least = serverMs - now
    const most = serverMs + 1 - askedAt
    const isNew = now - this.#sampledAt >= SAMPLE_MS
    // The sample with the shortest round trip is the most exact. One that contradicts the others shows
    // that the server's clock was set.
    if (!isNew && most - least >= this.#most - this.#least && this.#agrees(least, most)) return
    this.#least = least
    this.#most = most
    this.#sampledAt = now
  }

  /** Returns whether the last sample is too old to rely on. */
  mustResample(now: number): boolean {
    return now - this.#sampledAt >= 2 * SAMPLE_MS
  }

  /** Returns whether the last sample is old enough to take another. */
  shouldResample(now: number): boolean {
    return now - this.#sampledAt >= SAMPLE_MS
  }

  /** Returns what the server's clock shows at least, at a time of this process. */
  earliest(now: number): number {
    return now + this.#least
  }

  /** Returns what the server's clock shows at most, at a time of this process. */
  latest(now: number): number {
    return now + this.#most
  }

  /**
   * Returns the server's time at which a command that began at `startedAt` times out here, less a margin for
   * the drift of the clocks.
   */
  deadline(timeoutMs: number, startedAt: number): number {
    const driftMs = Math.min(MAX_DRIFT_MS, timeoutMs / 10)
    return Math.floor(this.earliest(startedAt) + timeoutMs - driftMs)
  }

  #agrees(least: number, most: number): boolean {
    return least <= this.#most + MAX_DRIFT_MS && most >= this.#least - MAX_DRIFT_MS
  }
}

/** The clock of one master. It is sampled again when the last sample is old. */
export class MasterClock {
  readonly #clock = new ServerClock()
  readonly #master: Redis
  readonly #run: RunCommands
  #sampling: Promise<void> | undefined

  constructor(master: Redis, run: RunCommands) {
    this.#master = master
    this.#run = run
  }

  /** Samples the clock of a master that may not be healthy yet. */
  async sample(): Promise<void> {
    const askedAt = timers.now()
    const [seconds, microseconds] = await this.#master.time()
    const milliseconds = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
    if (!Number.isSafeInteger(milliseconds)) throw malformedReply('it must be a time')
    this.#clock.sample(milliseconds, askedAt)
  }

  /** Returns the estimate, or a promise of it when a sample must be taken first. */
  read(): MaybePromise<ServerClock> {
    const now = timers.now()
    if (!this.#clock.shouldResample(now)) return this.#clock
    const sampling = this.#sampleOnce()
    if (this.#clock.mustResample(now)) return chain(sampling, () => this.#clock)
    // The last sample is good enough, so no caller waits for the next one.
    sampling.catch(() => undefined)
    return this.#clock
  }

  #sampleOnce(): Promise<void> {
    this.#sampling ??= this.#run(() => this.sample(), this.#master).finally(() => {
      this.#sampling = undefined
    })
    return this.#sampling
  }
}
