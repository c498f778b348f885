import type { RedisClient } from '../connection/redis-client.js'
import { Script } from './script.js'
import { ServerClock } from './server-clock.js'

const TIME = new Script(`
local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)`)

/** The clock of each server that writes go to. */
export class ServerClocks {
  /** How long a command may take. */
  readonly timeoutMs: number
  readonly #clocks = new Map<string, ServerClock>()

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs
  }

  /** Forgets what is known of a node: from now on another server may answer by its name. */
  forget(node: string): void {
    this.#clocks.delete(node)
  }

  /** @param name - of some key on that node, by which a cluster finds it */
  async of(client: RedisClient, node: string, name: string): Promise<ServerClock> {
    const known = this.#clocks.get(node)
    if (known !== undefined) return known
    const clock = new ServerClock()
    clock.sample(Number(await TIME.run(client, [name])))
    // Several may have asked at once; the first to come stays, and learns from all.
    const earlier = this.#clocks.get(node)
    if (earlier !== undefined) return earlier
    this.#clocks.set(node, clock)
    return clock
  }
}
