import { ManualClock } from '@verbatim/cache-core'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { InMemoryCache } from '../src/index.js'

for (const isolation of ['none', 'freeze', 'clone'] as const) {
  let clock = new ManualClock()
  testCacheContract(`InMemoryCache (isolation '${isolation}')`, {
    create: () => {
      clock = new ManualClock()
      return new InMemoryCache({ isolation, clock })
    },
    advance: (milliseconds) => clock.advance(milliseconds),
  })
}
