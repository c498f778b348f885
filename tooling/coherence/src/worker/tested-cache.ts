import { AsyncLocalStorage } from 'node:async_hooks'
import type { GetOrSetOptions, Loader } from '@verbatim/cache-core'
import type * as CacheRedis from '@verbatim/cache-redis'
import { PREFIX } from '../workload/keys.js'
import type { StampedValue } from '../workload/stamped-value.js'
import type { WorkerConfig } from './messages.js'

/** Notes what Redis did to the call under way. */
interface CallNote {
  hadTrouble: boolean
}

/** What became of a call. */
export interface CallResult<T> {
  readonly value: T | undefined
  /** False when Redis failed it; whether what was sent took effect is not known then. */
  readonly ok: boolean
  /** Whether, as it began or ended, the cache lived in memory only, as it openly says. */
  readonly degraded: boolean
}

/** The cache under test, whose every call tells whether Redis was of use, even where it degrades. */
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
      if (note !== undefined) note.hadTrouble = true
    })
  }

  static async open(config: WorkerConfig): Promise<TestedCache> {
    const { GenericRedisCache } = (await import(config.cacheModule)) as typeof CacheRedis
    const cache = new GenericRedisCache({
      redisUrl: config.redisUrl,
      keyPrefix: PREFIX,
      defaultTtl: DEFAULT_LIFE_MS / 1_000,
      enableL1Cache: config.memory,
      l1CacheSize: 1_000,
      compressionLevel: 1,
      commandTimeout: config.commandTimeoutMs,
      onBackendError: config.onBackendError,
    })
    const tested = new TestedCache(cache)
    tested.#isConnected = await cache.connect()
    return tested
  }

  get(key: string): Promise<CallResult<StampedValue | undefined>> {
    return this.#call(() => this.#cache.get<StampedValue>(key))
  }

  getMany(keys: readonly string[]): Promise<CallResult<Map<string, StampedValue>>> {
    return this.#call(() => this.#cache.getMany<StampedValue>(keys))
  }

  getOrSet(
    key: string,
    loader: Loader<StampedValue | null>,
    options: GetOrSetOptions<StampedValue | null>,
  ): Promise<CallResult<StampedValue | null>> {
    return this.#call(() => this.#cache.getOrSet(key, loader, options))
  }

  set(
    key: string,
    value: StampedValue,
    lifeMs: number,
    tags: readonly string[] = [],
  ): Promise<CallResult<void>> {
    return this.#call(() => this.#cache.set(key, value, { ttl: `${lifeMs}ms`, tags }))
  }

  setMany(
    entries: readonly (readonly [string, StampedValue])[],
    lifeMs: number,
  ): Promise<CallResult<void>> {
    return this.#call(() => this.#cache.setMany(entries, `${lifeMs}ms`))
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

  /** What the cache does without for want of Redis; `undefined` when that is nothing. */
  get lacks(): string | undefined {
    const { mode, memory, redis } = this.#cache.getStats()
    if (mode !== 'redis')
      return `Redis (${redis.lastErrorCode ?? 'for no reason that it would know'})`
    if (memory !== undefined && memory.link !== 'live') return `word of changes (${memory.link})`
    return undefined
  }

  close(): Promise<void> {
    return this.#cache.close()
  }

  async #call<T>(call: () => Promise<T>): Promise<CallResult<T>> {
    const note: CallNote = { hadTrouble: false }
    const wasConnected = this.#isConnected
    const isDegraded = (): boolean => !wasConnected || !this.#isConnected
    try {
      const value = await this.#notes.run(note, call)
      return { value, ok: !note.hadTrouble, degraded: isDegraded() }
    } catch (error) {
      if (!isExpected(error)) throw error
      return { value: undefined, ok: false, degraded: isDegraded() }
    }
  }
}

export const DEFAULT_LIFE_MS = 60_000

/** Redis failed, or a slow load took too long. By code: the class may be that of a package's copy. */
function isExpected(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && (code.startsWith('BACKEND_') || code === 'LOAD_TIMEOUT')
}
