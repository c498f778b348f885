import type { Redis } from 'ioredis'
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
    const askedAt = performance.now()
    const [seconds, microseconds] = await this.#master.time()
    const milliseconds = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
    this.#clock.sample(milliseconds, askedAt)
  }

  /** What is known of it; a promise of that when it must be asked first. */
  look(): NowOrLater<ServerClock> {
    if (!this.#clock.isUnsure(performance.now())) return this.#clock
    this.#asking ??= this.#run(() => this.ask(), this.#master).finally(() => {
      this.#asking = undefined
    })
    return follow(this.#asking, () => this.#clock)
  }
}
