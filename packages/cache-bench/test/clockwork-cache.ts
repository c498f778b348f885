import type { ManualClock, Ttl } from '@verbatim/cache-core'
import type { BenchmarkedCache } from '../src/index.js'

/** A truthful cache whose calls take exactly 4 ms (set), 2 ms (get) and 1 ms (exists). */
export class ClockworkCache implements BenchmarkedCache {
  /** Values as JSON. */
  readonly entries: Map<string, string> = new Map()
  readonly ttls: (Ttl | undefined)[] = []
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async set(key: string, value: unknown, ttl?: Ttl): Promise<void> {
    this.#clock.advance(4)
    this.ttls.push(ttl)
    this.entries.set(key, JSON.stringify(value))
  }

  async get<T>(key: string): Promise<T | undefined> {
    this.#clock.advance(2)
    const json = this.entries.get(key)
    return json === undefined ? undefined : JSON.parse(json)
  }

  async exists(key: string): Promise<boolean> {
    this.#clock.advance(1)
    return this.entries.has(key)
  }

  async delete(key: string): Promise<boolean> {
    return this.entries.delete(key)
  }
}
