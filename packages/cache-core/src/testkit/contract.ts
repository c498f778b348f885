import type { CacheInterface } from '../cache-interface.js'
import type { CacheMonitor } from '../monitor.js'
import { test as baseTest } from './test-runner.js'

/**
 * A feature that an implementation may lack. Its tests are then omitted.
 *
 * - `'getTtl'`: the remaining TTL of a key
 * - `'scan'`: a list of the keys, and therefore `invalidatePattern` and `clear`
 * - `'tags'`: `invalidateTags`
 * - `'stale'`: stale values and load times
 * - `'types'`: values beyond JSON, such as dates, maps, sets, URLs, bytes, bigints, `undefined` inside a
 *   value, `NaN` and `-0`
 * - `'atomicAdd'`: an `add` without a gap between its check and its write
 */
export type Feature = 'getTtl' | 'scan' | 'tags' | 'stale' | 'types' | 'atomicAdd'

/** Counts of reads of an implementation. */
export interface ReadCounts {
  readonly hits: number
  readonly misses: number
  /** hits / (hits + misses), in percent; absent before the first read. */
  readonly hitRate?: number | undefined
}

/** Options of the model-based run. */
export interface ModelRun {
  /**
   * Approximate number of commands. 0 omits the run, for a cache that evicts with fewer than 16 entries.
   * Default: 4000 if `clock` is `'manual'`, otherwise 400.
   */
  readonly commands?: number | undefined
  /** Seed of the commands. Default: random. A failure prints it. */
  readonly seed?: number | undefined
}

/** Description of an implementation for the contract suite. */
export interface CacheContract<Cache extends CacheInterface = CacheInterface> {
  /**
   * Creates an empty cache for at least 1000 entries, with a default TTL of at least ten seconds. The
   * suite closes it.
   */
  create(): Cache | Promise<Cache>
  /**
   * Advances the time of the latest cache: moves its clock, or waits.
   *
   * @param milliseconds - any number if `clock` is `'manual'`, otherwise at most 200 in one test
   */
  advance(milliseconds: number): void | Promise<void>
  /**
   * `'manual'` if only `advance` changes the time of the cache. The suite then tests exact expiry and TTLs
   * of years. Default: `'real'`.
   */
  readonly clock?: 'manual' | 'real' | undefined
  /** Features that the implementation lacks. Default: none, so that the whole suite runs. */
  readonly without?: readonly Feature[] | undefined
  /**
   * Protection of hits against changes by callers: none, frozen values or copies. Default: not tested.
   */
  readonly isolation?: 'none' | 'freeze' | 'clone' | undefined
  /** Creates a cache as `create` does, which reports to a monitor. Default: reports are not tested. */
  createObserved?(monitor: CacheMonitor): CacheInterface | Promise<CacheInterface>
  /** Returns the counts of a cache. Default: counts are not tested. */
  stats?(cache: Cache): ReadCounts
  /** Options of the model-based run. Default: about one second of commands. */
  readonly model?: ModelRun | undefined
}

export type CacheTest = (
  name: string,
  body: (cache: CacheInterface) => void | Promise<void>,
) => void

/** Returns a `test` function that creates a cache for each test and closes it. */
export function cacheTest(contract: Pick<CacheContract, 'create'>): CacheTest {
  return (name, body) => {
    baseTest(name, async () => {
      const cache = await contract.create()
      try {
        await body(cache)
      } finally {
        await cache.close()
      }
    })
  }
}

/** Returns whether an implementation has a feature. */
export function promises(contract: CacheContract, feature: Feature): boolean {
  return !(contract.without ?? []).includes(feature)
}

export function isManual({ clock = 'real' }: CacheContract): boolean {
  return clock === 'manual'
}
