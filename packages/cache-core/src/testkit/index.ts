import type { CacheInterface } from '../cache-interface.js'
import { addingTests } from './adding.js'
import { argumentTests } from './arguments.js'
import { basicTests } from './basic.js'
import { batchTests } from './batch.js'
import { closingTests } from './closing.js'
import type { CacheContract } from './contract.js'
import { entryTests } from './entries.js'
import { isolationTests } from './isolation.js'
import { lifetimeTests } from './lifetime.js'
import { loadOptionTests } from './load-options.js'
import { loadingTests } from './loading.js'
import { modelTests } from './model/index.js'
import { observingTests } from './observing.js'
import { raceTests } from './races.js'
import { scanningTests } from './scanning.js'
import { staleTests } from './stale/index.js'
import { statsTests } from './stats.js'
import { tagTests } from './tags.js'
import { describe } from './test-runner.js'
import { valueTests } from './values.js'

export type { CacheContract, Feature, ModelRun, ReadCounts } from './contract.js'

/**
 * Registers tests of the contract of {@link CacheInterface} for one implementation. Needs vitest (or Jest)
 * and fast-check.
 *
 * @example
 * ```ts
 * let clock = new ManualClock()
 * testCacheContract('MapCache', {
 *   create: () => new MapCache((clock = new ManualClock())),
 *   advance: (milliseconds) => clock.advance(milliseconds),
 *   clock: 'manual',
 * })
 * ```
 *
 * @param name - name of the implementation in the titles of the tests
 */
export function testCacheContract<Cache extends CacheInterface>(
  name: string,
  contract: CacheContract<Cache>,
): void {
  // The suite passes only caches of this contract to `stats`.
  const suite = contract as CacheContract
  describe(`${name} keeps the cache contract`, () => {
    basicTests(suite)
    valueTests(suite)
    lifetimeTests(suite)
    batchTests(suite)
    addingTests(suite)
    argumentTests(suite)
    loadingTests(suite)
    loadOptionTests(suite)
    entryTests(suite)
    staleTests(suite)
    tagTests(suite)
    scanningTests(suite)
    isolationTests(suite)
    observingTests(suite)
    statsTests(suite)
    closingTests(suite)
    raceTests(suite)
    modelTests(suite)
  })
}
