import { AsyncLocalStorage } from 'node:async_hooks'
import type { GetOrSetOptions, Loader } from '@verbatim/cache-core'
import type * as CacheRedis from '@verbatim/cache-redis'
import { PREFIX } from '../workload/keys.js'
import type { VersionedValue } from '../workload/versioned-value.js'
import type { WorkerConfig } from './messages.js'

/** Records errors of Redis during one call. */
interface CallNote {
  hadError: boolean
}

/** Result of a call. */
export interface CallResult<T> {
  readonly value: T | undefined
  /** False if Redis failed the call. It is then unknown whether its commands took effect. */
  readonly ok: boolean
  /** Whether the cache reported that it uses memory only, at the start or the end of the call. */
  readonly degraded: boolean
}

/**
 * The cache under test. Each call returns whether Redis was available, even where the cache
 * degrades.
 */
export class TestedCache {
  readonly #cache: CacheRedis.GenericRedisCache
  readonly #notes = new AsyncLocalStorage<CallNote>()
  #isConnected = false

  private constructor(cache: CacheRedis.GenericRedisCache) {
    this.#cache = cache
    cache.on('connected', () => {
      this.#isConnected = true
    })
    cache.on('disconnected', () => {
      this.#isConnected = false
    })
    cache.on('backend_error', () => {
      const note = this.#notes.getStore()
      if (note !== undefined) note.hadError = true
    })
  }

  static async open(config: WorkerConfig): Promise<TestedCache> {
    const { GenericRedisCache } = (await import(config.cacheModule)) as typeof CacheRedis
    const cache = new GenericRedisCache({
      redisUrl: config.redisUrl,
      keyPrefix: PREFIX,
      defaultTtl: DEFAULT_TTL_MS / 1_000,
      enableL1Cache: config.memory,
      l1CacheSize: 1_000,
      // Below the default, so that values of 2 KB are compressed, too.
      compressionThreshold: 1_000,
      compressionLevel: 1,
      commandTimeout: config.commandTimeoutMs,
      onBackendError: config.onBackendError,
    })
    const tested = new TestedCache(cache)
    tested.#isConnected = await cache.connect()
    return tested
  }

  get(key: string): Promise<CallResult<VersionedValue | undefined>> {
    return this.#call(() => this.#cache.get<VersionedValue>(key))
  }

  getMany(keys: readonly string[]): Promise<CallResult<Map<string, VersionedValue>>> {
    return this.#call(() => this.#cache.getMany<VersionedValue>(keys))
  }

  getOrSet(
    key: string,
    loader: Loader<VersionedValue | null>,
    options: GetOrSetOptions<VersionedValue | null>,
  ): Promise<CallResult<VersionedValue | null>> {
    return this.#call(() => this.#cache.getOrSet(key, loader, options))
  }

  set(
    key: string,
    value: VersionedValue,
    ttlMs: number,
    tags: readonly string[] = [],
  ): Promise<CallResult<void>> {
    return this.#call(() => this.#cache.set(key, value, { ttl: `${ttlMs}ms`, tags }))
  }

  setMany(
    entries: readonly (readonly [string, VersionedValue])[],
    ttlMs: number,
  ): Promise<CallResult<void>> {
    return this.#call(() => this.#cache.setMany(entries, `${ttlMs}ms`))
  }

  delete(key: string): Promise<CallResult<boolean>> {
    return this.#call(() => this.#cache.delete(key))
  }

  deleteMany(keys: readonly string[]): Promise<CallResult<number>> {
    return this.#call(() => this.#cache.deleteMany(keys))
  }

  invalidateTags(tags: readonly string[]): Promise<CallResult<void>> {
    return this.#call(() => this.#cache.invalidateTags(tags))
  }

  clear(): Promise<CallResult<number>> {
    return this.#call(() => this.#cache.clear())
  }

  invalidatePattern(pattern: string): Promise<CallResult<number>> {
    return this.#call(() => this.#cache.invalidatePattern(pattern))
  }

  /** Missing connection of the cache, `undefined` if none is missing. */
  get lacks(): string | undefined {
    const { mode, memory, redis } = this.#cache.getStats()
    if (mode !== 'redis')
      return `Redis (${redis.lastErrorCode ?? 'for no reason that it would know'})`
    if (memory !== undefined && memory.tracking !== 'live')
      return `invalidations (${memory.tracking})`
    return undefined
  }

  close(): Promise<void> {
    return this.#cache.close()
  }

  async #call<T>(call: () => Promise<T>): Promise<CallResult<T>> {
    const note: CallNote = { hadError: false }
    const wasConnected = this.#isConnected
    const isDegraded = (): boolean => !wasConnected || !this.#isConnected
    try {
      const value = await this.#notes.run(note, call)
      return { value, ok: !note.hadError, degraded: isDegraded() }
    } catch (error) {
      if (!isExpected(error)) throw error
      return { value: undefined, ok: false, degraded: isDegraded() }
    }
  }
}

export const DEFAULT_TTL_MS = 60_000

/**
 * Returns whether Redis failed or a slow load timed out. It checks the code, because the class can
 * be of another copy.
 */
function isExpected(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && (code.startsWith('BACKEND_') || code === 'LOAD_TIMEOUT')
}
