import { testCacheContract } from '@verbatim/cache-core/testkit'
import { InMemoryCache } from '@verbatim/cache-memory'

export function register(): void {
  testCacheContract('InMemoryCache', {
    create: () => new InMemoryCache(),
    advance: () => undefined,
  })
}
