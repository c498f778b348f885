import {
  CacheError,
  type CacheInterface,
  type Clock,
  ConfigurationError,
  type InspectedEntry,
  systemClock,
  type Ttl,
} from '@verbatim/cache-core'
import {
  assertKnownFields,
  compileGlob,
  invalidOption,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import { remainingMs } from './file/backup.js'

/** An entry of a cache of another library. */
export interface ThirdPartyEntry {
  readonly value: unknown
  /** Milliseconds since 1970; `null` if the entry never expires. */
  readonly expiresAt: number | null
}

/** Functions that read and write a cache of another library. */
export interface ThirdPartyFunctions {
  /** Lists all keys, each once. */
  keys(): Iterable<string> | AsyncIterable<string>
  /** Returns an entry, or `undefined` if the key has none. */
  get(key: string): ThirdPartyEntry | undefined | Promise<ThirdPartyEntry | undefined>
  /** Stores an entry. */
  set(key: string, entry: ThirdPartyEntry): unknown
}

const FIELDS: ReadonlySet<string> = new Set<keyof ThirdPartyFunctions>(['keys', 'get', 'set'])

/**
 * A cache of another library as the source or the target of a migration.
 *
 * Between its check and its write, `add` can replace a key that another writer sets: the three functions permit
 * no better. A key that is listed and has no entry is a failure.
 *
 * @example
 * ```ts
 * const map = new Map<string, { value: unknown; expiresAt: number | null }>()
 * const cache = new ThirdPartyCache({
 *   keys: () => map.keys(),
 *   get: (key) => map.get(key),
 *   set: (key, entry) => map.set(key, entry),
 * })
 * await manager.migrate(redisCache, cache)
 * ```
 */
export class ThirdPartyCache implements Pick<CacheInterface, 'inspect' | 'add' | 'exists'> {
  readonly #functions: ThirdPartyFunctions
  readonly #clock: Clock

  /**
   * @param clock - source of the time. Default: the clocks of the machine
   * @throws ConfigurationError (`INVALID_OPTION`) for a missing or unknown function
   */
  constructor(functions: ThirdPartyFunctions, clock: Clock = systemClock) {
    assertKnownFields(functions, FIELDS, 'functions', ConfigurationError, 'INVALID_OPTION')
    for (const name of FIELDS) {
      const given: unknown = Reflect.get(functions, name)
      if (typeof given !== 'function') throw invalidOption(`functions.${name}`, 'a function', given)
    }
    this.#functions = functions
    this.#clock = clock
  }

  /** Yields the entries whose keys match a glob, and an error for each key without an entry. */
  async *inspect(pattern = '*'): AsyncGenerator<InspectedEntry> {
    const matches = compileGlob(pattern)
    for await (const key of this.#functions.keys()) {
      if (!matches(key)) continue
      const entry = await this.#functions.get(key)
      if (entry === undefined) {
        const error = new CacheError('the key is listed and has no entry', { code: 'NO_ENTRY' })
        yield { key, error }
        continue
      }
      const left = remainingMs(entry, this.#clock)
      // An entry that has expired is a miss.
      if (left > 0) {
        const ttl = left === Number.POSITIVE_INFINITY ? null : left / 1_000
        yield { key, value: entry.value, ttl }
      }
    }
  }

  /** Returns whether a key has an entry that has not expired. */
  async exists(key: string): Promise<boolean> {
    const entry = await this.#functions.get(key)
    return entry !== undefined && remainingMs(entry, this.#clock) > 0
  }

  /** Stores an entry unless the key has one. Returns whether the entry was stored. */
  async add(key: string, value: unknown, ttl: Ttl): Promise<boolean> {
    if (await this.exists(key)) return false
    await this.set(key, value, ttl)
    return true
  }

  /** Stores an entry. */
  async set(key: string, value: unknown, ttl: Ttl): Promise<void> {
    const ms = toMilliseconds(ttl)
    const expiresAt = Number.isFinite(ms) ? Math.round(this.#clock.wallTime() + ms) : null
    await this.#functions.set(key, { value, expiresAt })
  }
}
