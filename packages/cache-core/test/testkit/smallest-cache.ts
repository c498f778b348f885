import { assertKey, assertValue, planStore } from '../../src/implement.js'
import { CacheInterface, type Clock, type SetOptions, type Ttl } from '../../src/index.js'

/** The least that keeps the contract: the four methods that have to be written, on JSON. */
export class SmallestCache extends CacheInterface {
  readonly #entries = new Map<string, { json: string; expiresAt: number }>()

  constructor(clock: Clock) {
    super({ clock })
  }

  override async get<T>(key: string): Promise<T | undefined> {
    const json = this.#json(key)
    return json === undefined ? undefined : (JSON.parse(json) as T)
  }

  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    assertKey(key)
    assertValue(value)
    const { ttlMs } = planStore(ttl, this.defaultTtlMs)
    this.loads.fence(key)
    const json = JSON.stringify(value)
    this.#entries.set(key, { json, expiresAt: this.clock.now() + ttlMs })
  }

  override async delete(key: string): Promise<boolean> {
    const existed = this.#json(key) !== undefined
    this.loads.fence(key)
    this.#entries.delete(key)
    return existed
  }

  override async exists(key: string): Promise<boolean> {
    return this.#json(key) !== undefined
  }

  #json(key: string): string | undefined {
    assertKey(key)
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.expiresAt >= this.clock.now() ? entry.json : undefined
  }
}
