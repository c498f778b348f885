import assert from 'node:assert/strict'
import { CacheInterface, type Ttl, ValidationError } from '@verbatim/cache-core'
import { compileGlob, toMilliseconds } from '@verbatim/cache-core/implement'

/** A minimal implementation of `CacheInterface`. */
class MapCache extends CacheInterface {
  readonly #values = new Map<string, unknown>()

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#values.get(key) as T | undefined
  }

  override async set<T>(key: string, value: T, _ttl?: Ttl): Promise<void> {
    this.#values.set(key, value)
  }

  override async delete(key: string): Promise<boolean> {
    return this.#values.delete(key)
  }

  override async exists(key: string): Promise<boolean> {
    return this.#values.has(key)
  }
}

const cache: CacheInterface = new MapCache()
let loads = 0
const answers = await Promise.all(
  [1, 2, 3].map(() => cache.getOrSet('answer', async () => ++loads, { ttl: '5m' })),
)
assert.deepEqual(answers, [1, 1, 1])
assert.equal(await cache.deleteMany(['answer', 'absent']), 1)
assert.equal(toMilliseconds('1.5s'), 1_500)
assert.throws(() => toMilliseconds(0), ValidationError)
assert.ok(compileGlob('user:*')('user:1'))
console.log('ok')
