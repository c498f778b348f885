import { CacheInterface, type SetOptions, type Ttl } from '@verbatim/cache-core'

/** Stores values that never expire. Four methods make a cache. */
class MapCache extends CacheInterface {
  readonly #values = new Map<string, unknown>()

  async get<T>(key: string): Promise<T | undefined> {
    return this.#values.get(key) as T | undefined
  }

  async set<T>(key: string, value: T, _ttl?: Ttl | SetOptions): Promise<void> {
    this.#values.set(key, value)
  }

  async delete(key: string): Promise<boolean> {
    return this.#values.delete(key)
  }

  async exists(key: string): Promise<boolean> {
    return this.#values.has(key)
  }
}

const cache = new MapCache()
await cache.set('one', 1)
// CacheInterface implements the other methods with these four.
console.log(await cache.getMany(['one', 'two'])) // Map(1) { 'one' => 1 }
const [first, second] = await Promise.all([
  cache.getOrSet('three', async () => 3),
  cache.getOrSet('three', async () => 4),
])
console.log(first, second) // 3 3
console.log(await cache.deleteMany(['one', 'two', 'three'])) // 2
