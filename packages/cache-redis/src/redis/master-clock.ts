import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import { ServerClock } from './server-clock.js'

/** The clock of one master, which is asked when nobody has looked at it for long. */
export class MasterClock {
  readonly #clock = new ServerClock()
  readonly #master: Redis
  readonly #run: RunCommands
  #asking: Promise<void> | undefined

  constructor(master: Redis, run: RunCommands) {
    this.#master = master
    this.#run = run
  }

  /** Asks a master that need not be trusted yet. */
  async ask(): Promise<void> {
    const askedAt = timers.now()
    const [seconds, microseconds] = await this.#master.time()
    const milliseconds = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
    if (!Number.isSafeInteger(milliseconds)) throw malformedReply('it must be a time')
    this.#clock.sample(milliseconds, askedAt)
  }

  /** Returns what is known of it; a promise of that when it must be asked first. */
  look(): NowOrLater<ServerClock> {
    const now = timers.now()
    if (!this.#clock.isUnsure(now)) return this.#clock
    const asking = this.#ask()
    if (this.#clock.isOutdated(now)) return follow(asking, () => this.#clock)
    // Nobody has to wait for it: the last sample is good enough for a while.
    asking.catch(() => undefined)
    return this.#clock
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#run(() => this.ask(), this.#master).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }
}
