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
 * Registers the contract of {@link CacheInterface} as vitest tests against one implementation.
 *
 * Every Verbatim cache runs it; run it on yours, or on ours in your set-up. It needs vitest and
 * fast-check.
 */
export function testCacheContract<Cache extends CacheInterface>(
  name: string,
  contract: CacheContract<Cache>,
): void {
  // Each cache that the suite reads the counts of is one that this contract has made.
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
