import { ManualClock } from '../../../../src/index.js'
import { type CacheContract, testCacheContract } from '../../../../src/testkit/index.js'
import type { ReferenceCache, ReferenceOptions } from '../../reference-cache.js'

/** A cache with one bug, and the contract options that it needs. */
interface BrokenCache {
  readonly name: string
  new (options: ReferenceOptions): ReferenceCache
  readonly contract?: Partial<CacheContract<ReferenceCache>>
}

/** Registers the whole suite for each cache. */
export function testBrokenCaches(caches: readonly BrokenCache[]): void {
  for (const Broken of caches) {
    let clock = new ManualClock()
    testCacheContract(Broken.name, {
      create: () => {
        clock = new ManualClock()
        return new Broken({ clock, isolation: 'clone' })
      },
      advance: (milliseconds) => clock.advance(milliseconds),
      clock: 'manual',
      isolation: 'clone',
      createObserved: (monitor) => {
        clock = new ManualClock()
        return new Broken({ clock, isolation: 'clone', monitor })
      },
      stats: (cache) => cache.getStats(),
      // Few commands, because there are many caches; a fixed seed, because each cache must fail.
      model: { commands: 250, seed: 1 },
      ...Broken.contract,
    })
  }
}
