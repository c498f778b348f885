import type { InfrastructureError } from '@verbatim/cache-core'
import { errorForCaller, unavailable } from './connection-errors.js'
import type { RedisServer } from './redis-server.js'

/** What commands are sent to: one server, or all of them. */
export type Target = Pick<
  RedisServer,
  'usable' | 'wasTried' | 'trouble' | 'settled' | 'judge' | 'receivedBytes' | 'refusal'
>

/** The masters of a Cluster as one, for commands that may concern any of them. */
export class AllServers implements Target {
  readonly #servers: ReadonlyMap<unknown, RedisServer>
  readonly #areComplete: () => boolean

  /** @param areComplete - whether there is one for every key */
  constructor(servers: ReadonlyMap<unknown, RedisServer>, areComplete: () => boolean) {
    this.#servers = servers
    this.#areComplete = areComplete
  }

  get usable(): boolean {
    return this.#servers.size > 0 && this.#areComplete() && this.#every((server) => server.usable)
  }

  get wasTried(): boolean {
    return this.#every((server) => server.wasTried)
  }

  get trouble(): string | undefined {
    for (const { usable, trouble } of this.#servers.values()) if (!usable) return trouble
    return undefined
  }

  get receivedBytes(): number {
    let sum = 0
    for (const server of this.#servers.values()) sum += server.receivedBytes
    return sum
  }

  get refusal(): InfrastructureError {
    return unavailable(this.trouble, 'failed')
  }

  async settled(milliseconds: number): Promise<boolean> {
    await Promise.all(Array.from(this.#servers.values(), (server) => server.settled(milliseconds)))
    return this.usable
  }

  /** Nobody knows which of them it was. Each is checked, and trusted again as soon as it answers. */
  readonly judge = (error: unknown): unknown => {
    for (const server of this.#servers.values()) server.consider(error)
    return errorForCaller(error)
  }

  #every(holds: (server: RedisServer) => boolean): boolean {
    for (const server of this.#servers.values()) if (!holds(server)) return false
    return true
  }
}
