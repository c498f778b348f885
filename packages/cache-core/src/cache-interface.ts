import { type Ttl, toMilliseconds } from './duration.js'
import { CacheError, ValidationError } from './errors.js'
import { assertPattern } from './glob.js'
import { assertKey } from './key.js'
import { SingleFlight } from './single-flight.js'
import { assertValue } from './value.js'

/** Computes the value of a key that is not in the cache. */
export type Loader<T> = () => T | Promise<T>

export interface GetOrSetOptions {
  /** The life of a loaded value; the cache's `defaultTtl` when left out. */
  readonly ttl?: Ttl | undefined
}

/**
 * What every cache can do. Code written against it runs on any of them.
 *
 * A miss is `undefined`; `null`, `0`, `false` and `''` are values like any other. Four methods have
 * to be written; the rest have defaults built on them, which an implementation overrides where its
 * backend can do better.
 */
export abstract class CacheInterface implements AsyncDisposable {
  /**
   * Loads under way through {@link CacheInterface.getOrSet}. An implementation calls `fence(key)`
   * in every write and delete, and `fenceAll()` wherever it drops keys it cannot name, so that a
   * value loaded before a change is never stored after it.
   */
  protected readonly loads: SingleFlight = new SingleFlight()

  /**
   * Reads a key.
   *
   * @returns the value, or `undefined` when there is none
   * @throws ValidationError for a bad key
   */
  abstract get<T>(key: string): Promise<T | undefined>

  /**
   * Stores a value, replacing what was there.
   *
   * @param ttl - its life; the cache's `defaultTtl` when left out, `null` for never expires
   * @throws ValidationError for a bad key or TTL, and for an `undefined` value
   */
  abstract set<T>(key: string, value: T, ttl?: Ttl): Promise<void>

  /**
   * Removes a key.
   *
   * @returns whether it was there
   * @throws ValidationError for a bad key
   */
  abstract delete(key: string): Promise<boolean>

  /**
   * Tells whether a key is there, without counting as a read.
   *
   * @throws ValidationError for a bad key
   */
  abstract exists(key: string): Promise<boolean>

  /**
   * Reads a key, or loads and stores it. Callers that ask for the same key while a load is under
   * way share that load.
   *
   * A write, delete or invalidation of the key during the load wins: the loaded value goes to those
   * who were waiting and is not stored.
   *
   * @throws whatever the loader throws; nothing is stored then
   * @throws ValidationError when the loader answers `undefined`
   */
  async getOrSet<T>(key: string, loader: Loader<T>, options: GetOrSetOptions = {}): Promise<T> {
    // Before the load: a caller should not wait for a loader to learn that its TTL is no good.
    if (options.ttl !== undefined) toMilliseconds(options.ttl)
    const cached = await this.get<T>(key)
    if (cached !== undefined) return cached
    return this.load(key, loader, options)
  }

  /** The second half of {@link CacheInterface.getOrSet}, for a key that was just missed. */
  protected load<T>(key: string, loader: Loader<T>, options: GetOrSetOptions): Promise<T> {
    return this.loads.run(key, async (flight) => {
      const value = await loader()
      if (value === undefined) {
        throw new ValidationError('the loader answered undefined; answer null instead', {
          code: 'INVALID_VALUE',
          context: { argument: 'loader' },
        })
      }
      if (!flight.fenced) await this.fill(key, value, options.ttl)
      return value
    })
  }

  /**
   * Stores what a loader answered. Overridden wherever `set` fences loads: filling must not, or the
   * callers that come while it is under way would load once more.
   */
  protected fill<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return this.set(key, value, ttl)
  }

  /** Reads several keys; those that are not there are absent from the answer. */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const values = await Promise.all(keys.map((key) => this.get<T>(key)))
    const found = new Map<string, T>()
    for (const [index, key] of keys.entries()) {
      const value = values[index]
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  /**
   * Stores several values with one life.
   *
   * @throws ValidationError for a bad key, value or TTL among them; nothing is stored then
   */
  async setMany<T>(entries: Iterable<readonly [key: string, value: T]>, ttl?: Ttl): Promise<void> {
    const all = [...entries]
    for (const [key, value] of all) {
      assertKey(key)
      assertValue(value)
    }
    if (ttl !== undefined) toMilliseconds(ttl)
    await Promise.all(all.map(([key, value]) => this.set(key, value, ttl)))
  }

  /**
   * Removes several keys.
   *
   * @returns how many were there; a key named twice counts once
   * @throws ValidationError for a bad key among them; nothing is removed then
   */
  async deleteMany(keys: readonly string[]): Promise<number> {
    for (const key of keys) assertKey(key)
    const removed = await Promise.all(Array.from(new Set(keys), (key) => this.delete(key)))
    return removed.filter(Boolean).length
  }

  /**
   * Tells how long a key has left, in seconds: `null` when it never expires, `undefined` when it is
   * not there.
   *
   * @throws CacheError (`NOT_SUPPORTED`) where the cache cannot tell
   */
  getTtl(_key: string): Promise<number | null | undefined> {
    return Promise.reject(this.#notSupported('getTtl'))
  }

  /**
   * Lists the keys that are there. Keys that come or go meanwhile may or may not be listed; none is
   * listed twice.
   *
   * @param pattern - a glob: `*`, `?`, `[abc]`, `\` to escape; all keys when left out
   * @throws CacheError (`NOT_SUPPORTED`) where the cache cannot list its keys
   */
  // oxlint-disable-next-line require-yield -- the default has nothing to list, it only refuses
  async *scan(_pattern?: string): AsyncIterable<string> {
    throw this.#notSupported('scan')
  }

  /**
   * Removes every key that a glob matches.
   *
   * @returns how many
   * @throws ValidationError for a bad pattern
   */
  async invalidatePattern(pattern: string): Promise<number> {
    assertPattern(pattern)
    // Before the scan: what is loaded and stored behind its back would stay.
    this.loads.fenceAll()
    const keys: string[] = []
    for await (const key of this.scan(pattern)) keys.push(key)
    return this.deleteMany(keys)
  }

  /**
   * Removes every key of this cache.
   *
   * @returns how many
   */
  async clear(): Promise<number> {
    return this.invalidatePattern('*')
  }

  /** Gives back connections and memory. The cache must not be used afterwards. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #notSupported(method: string): CacheError {
    return new CacheError(`${this.constructor.name} does not implement ${method}`, {
      code: 'NOT_SUPPORTED',
      context: { method },
    })
  }
}
