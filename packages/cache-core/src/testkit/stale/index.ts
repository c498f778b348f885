import { type CacheContract, promises } from '../contract.js'
import { describe } from '../test-runner.js'
import { earlyRefreshTests } from './early-refresh.js'
import { failureTests } from './failures.js'
import { removalTests } from './removals.js'
import { revalidationTests } from './revalidation.js'
import { visibilityTests } from './visibility.js'

export function staleTests(contract: CacheContract): void {
  if (!promises(contract, 'stale')) return
  describe('values past their life', () => {
    visibilityTests(contract)
    revalidationTests(contract)
    failureTests(contract)
    removalTests(contract)
    earlyRefreshTests(contract)
  })
}
