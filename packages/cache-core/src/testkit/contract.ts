import type { CacheInterface } from '../cache-interface.js'
import type { CacheMonitor } from '../monitor.js'
import { test as baseTest } from './test-runner.js'

/**
 * What an implementation may do without; the tests of what is named are left out.
 *
 * - `'getTtl'`: it cannot tell how long a key has left.
 * - `'scan'`: it cannot list its keys, and so has no `invalidatePattern` and no `clear`.
 * - `'tags'`: it has no `invalidateTags`.
 * - `'stale'`: it holds no value past its life, and does not know how long a load took.
 * - `'types'`: it keeps what JSON can say, but no dates, maps, sets, URLs, bytes, bigints, `undefined`
 *   inside a value, or numbers such as `NaN` and `-0`.
 * - `'atomicAdd'`: it inherits `add`, which lets other writes come between its look and its write.
 */
export type Feature = 'getTtl' | 'scan' | 'tags' | 'stale' | 'types' | 'atomicAdd'

/** The counts of reads that an implementation keeps. */
export interface ReadCounts {
  readonly hits: number
  readonly misses: number
  /** hits / (hits + misses), in percent; left out before the first read. */
  readonly hitRate?: number | undefined
}

/** How much the model-based run does. */
export interface ModelRun {
  /**
   * About how many commands are run; 0 leaves the run out, as a cache needs that evicts with fewer
   * than 16 entries. Default: 4000 where `clock` is `'manual'`, 400 where it is `'real'`.
   */
  readonly commands?: number | undefined
  /** The same seed makes the same commands. Default: another one each time; failures print it. */
  readonly seed?: number | undefined
}

/** What the conformance suite has to know about an implementation. */
export interface CacheContract<Cache extends CacheInterface = CacheInterface> {
  /**
   * Makes an empty cache that holds at least 1000 entries, with a default life of at least ten
   * seconds. The suite closes it.
   */
  create(): Cache | Promise<Cache>
  /**
   * Lets time pass for the cache made last: move its clock, or really wait.
   *
   * @param milliseconds - at most 200 in one test where `clock` is `'real'`, any number where it is
   * `'manual'`
   */
  advance(milliseconds: number): void | Promise<void>
  /**
   * `'manual'` when time stands still for the cache but for `advance`: then the very ends of lives are
   * tested, and lives of years. Default: `'real'`.
   */
  readonly clock?: 'manual' | 'real' | undefined
  /** What the implementation does not promise. Default: nothing, the whole suite runs. */
  readonly without?: readonly Feature[] | undefined
  /**
   * How hits are protected against changes by those who hold them: not at all, by freezing them, or
   * by handing out copies. Default: not tested.
   */
  readonly isolation?: 'none' | 'freeze' | 'clone' | undefined
  /** As `create`, for a cache that reports to this monitor. Default: reporting is not tested. */
  createObserved?(monitor: CacheMonitor): CacheInterface | Promise<CacheInterface>
  /** Reads the counts of a cache. Default: counting is not tested. */
  stats?(cache: Cache): ReadCounts
  /** Default: as many commands as take about a second. */
  readonly model?: ModelRun | undefined
}

export type CacheTest = (
  name: string,
  body: (cache: CacheInterface) => void | Promise<void>,
) => void

/** A `test` that brings a fresh cache and closes it, whatever happens. */
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

/** Whether an implementation says that it can do this. */
export function promises(contract: CacheContract, feature: Feature): boolean {
  return !(contract.without ?? []).includes(feature)
}

export function isManual({ clock = 'real' }: CacheContract): boolean {
  return clock === 'manual'
}
