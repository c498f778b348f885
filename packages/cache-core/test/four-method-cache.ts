import { assertKey, assertValue, toMilliseconds } from '../src/implement.js'
import { CacheInterface, type Ttl } from '../src/index.js'

/** A minimal cache of a user: the four abstract methods on a Map. */
export class FourMethodCache extends CacheInterface {
  readonly calls: string[] = []
  readonly #values = new Map<string, unknown>()

  override async get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    this.calls.push(`get ${key}`)
    return this.#values.get(key) as T | undefined
  }

  override async set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    assertKey(key)
    assertValue(value)
    if (ttl !== undefined) toMilliseconds(ttl)
    this.loads.fence(key)
    this.calls.push(`set ${key} ${String(ttl)}`)
    this.#values.set(key, value)
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    this.loads.fence(key)
    this.calls.push(`delete ${key}`)
    return this.#values.delete(key)
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#values.has(key)
  }
}
