import { type CacheContract, promises } from '../contract.js'
import { describe } from '../test-runner.js'
import { failureTests } from './failures.js'
import { revalidationTests } from './revalidation.js'
import { visibilityTests } from './visibility.js'

export function staleTests(contract: CacheContract): void {
  if (!promises(contract, 'stale')) return
  describe('stale values', () => {
    visibilityTests(contract)
    revalidationTests(contract)
    failureTests(contract)
  })
}
