import { test as baseTest } from 'vitest'
import type { CacheInterface } from '../cache-interface.js'

/** What the conformance suite has to know about an implementation. */
export interface CacheContract {
  /** Makes an empty cache with a default life of at least ten seconds. The suite closes it. */
  create(): CacheInterface | Promise<CacheInterface>
  /**
   * Lets time pass for the caches made above: advance their clock, or really wait.
   *
   * @param milliseconds - at most 200
   */
  advance(milliseconds: number): void | Promise<void>
}

export type CacheTest = (
  name: string,
  body: (cache: CacheInterface) => void | Promise<void>,
) => void

/** A `test` that brings a fresh cache and closes it, whatever happens. */
export function cacheTest(contract: CacheContract): CacheTest {
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
