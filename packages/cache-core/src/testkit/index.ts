import { describe } from 'vitest'
import { argumentTests } from './arguments.js'
import { basicTests } from './basic.js'
import { batchTests } from './batch.js'
import type { CacheContract } from './contract.js'
import { lifetimeTests } from './lifetime.js'
import { loadingTests } from './loading.js'
import { scanningTests } from './scanning.js'
import { valueTests } from './values.js'

export type { CacheContract } from './contract.js'

/**
 * Registers the contract of {@link CacheInterface} as vitest tests against one implementation.
 *
 * Every Verbatim cache runs it; run it on yours, or on ours in your set-up.
 */
export function testCacheContract(name: string, contract: CacheContract): void {
  describe(`${name} keeps the cache contract`, () => {
    basicTests(contract)
    valueTests(contract)
    lifetimeTests(contract)
    batchTests(contract)
    loadingTests(contract)
    scanningTests(contract)
    argumentTests(contract)
  })
}
