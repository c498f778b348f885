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
  describeReceived,
  invalidOption,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import { explain } from './failures.js'
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
  keys(): Iterable<string> | AsyncIterable<string> | Promise<Iterable<string>>
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

  /** Yields the entries whose keys match a glob, and an error for each key whose entry cannot be read. */
  async *inspect(pattern = '*'): AsyncGenerator<InspectedEntry> {
    const matches = compileGlob(pattern)
    for await (const key of await this.#keys()) {
      if (typeof key !== 'string') {
        yield { key: String(key), error: unusable('functions.keys', 'list strings', key) }
      } else if (matches(key)) {
        const entry = await this.#inspectOne(key)
        if (entry !== undefined) yield entry
      }
    }
  }

  /** Returns whether a key has an entry that has not expired. */
  async exists(key: string): Promise<boolean> {
    const entry = await this.#read(key)
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

  async #keys(): Promise<Iterable<unknown> | AsyncIterable<unknown>> {
    const keys: unknown = await this.#functions.keys()
    const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(keys)
    if (typeof keys === 'object' && typeof (sync ?? async) === 'function') {
      return keys as Iterable<unknown>
    }
    throw unusable('functions.keys', 'return an iterable of strings', keys)
  }

  /** Returns `undefined` for an entry that has expired, which is a miss. */
  async #inspectOne(key: string): Promise<InspectedEntry | undefined> {
    try {
      const entry = await this.#read(key)
      if (entry === undefined) {
        throw new CacheError('the key is listed and has no entry', { code: 'NO_ENTRY' })
      }
      const left = remainingMs(entry, this.#clock)
      if (left <= 0) return undefined
      const ttl = left === Number.POSITIVE_INFINITY ? null : left / 1_000
      return { key, value: entry.value, ttl }
    } catch (error) {
      if (error instanceof CacheError) return { key, error }
      // The message of another error may contain the value.
      return {
        key,
        error: new CacheError(`functions.get failed: ${explain(error)}`, { code: 'UNREADABLE' }),
      }
    }
  }

  /** @throws CacheError (`UNREADABLE`) for an entry of another form. With it, an entry could be lost silently */
  async #read(key: string): Promise<ThirdPartyEntry | undefined> {
    const entry: unknown = await this.#functions.get(key)
    if (entry === undefined || entry === null) return undefined
    if (typeof entry !== 'object') {
      throw unusable('functions.get', 'return { value, expiresAt } or undefined', entry)
    }
    const expiresAt: unknown = Reflect.get(entry, 'expiresAt')
    if (expiresAt === null || Number.isFinite(expiresAt)) return entry as ThirdPartyEntry
    const rule = 'return an entry whose expiresAt is milliseconds since 1970 or null'
    throw unusable('functions.get', rule, expiresAt)
  }
}

function unusable(name: string, rule: string, received: unknown): CacheError {
  return new CacheError(`${name} must ${rule}; received ${describeReceived(received)}`, {
    code: 'UNREADABLE',
  })
}
