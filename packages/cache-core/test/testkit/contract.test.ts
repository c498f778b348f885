import { ManualClock } from '../../src/index.js'
import { testCacheContract } from '../../src/testkit/index.js'
import { ReferenceCache } from './reference-cache.js'

let clock = new ManualClock()

testCacheContract('ReferenceCache', {
  create: () => {
    clock = new ManualClock()
    return new ReferenceCache(clock)
  },
  advance: (milliseconds) => clock.advance(milliseconds),
})
