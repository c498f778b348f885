import type { Redis } from 'ioredis'
import { unavailable } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { NowOrLater } from '../now-or-later.js'
import { ServerClock } from './server-clock.js'

interface KnownClock {
  readonly clock: ServerClock
  readonly master: Redis
  /** Set while its master is asked for the time. */
  asking: Promise<void> | undefined
}

/** The clocks of the masters. */
export class ServerClocks {
  readonly #run: RunCommands
  readonly #known = new Map<string, KnownClock>()

  constructor(run: RunCommands) {
    this.#run = run
  }

  /** Learns what a master's clock says, and forgets what it or another one by its name said before. */
  async learn(node: string, master: Redis): Promise<void> {
    const known: KnownClock = { clock: new ServerClock(), master, asking: undefined }
    await ask(known)
    this.#known.set(node, known)
  }

  /** The clock of a master that is trusted; a promise of it when it should be asked first. */
  of(node: string): NowOrLater<ServerClock> {
    const known = this.#known.get(node)
    if (known === undefined) throw unavailable(undefined, 'failed')
    if (!known.clock.isUnsure(performance.now())) return known.clock
    known.asking ??= this.#run(() => ask(known), known.master).finally(() => {
      known.asking = undefined
    })
    return known.asking.then(() => known.clock)
  }
}

async function ask({ clock, master }: KnownClock): Promise<void> {
  const askedAt = performance.now()
  const [seconds, microseconds] = await master.time()
  clock.sample(Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000), askedAt)
}
