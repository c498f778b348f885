import { setTimeout as sleep } from 'node:timers/promises'
import { ManualClock } from '../../src/index.js'
import { testCacheContract } from '../../src/testkit/index.js'
import { ReferenceCache } from './reference-cache.js'
import { SmallestCache } from './smallest-cache.js'

for (const isolation of ['none', 'freeze', 'clone'] as const) {
  let clock = new ManualClock()
  testCacheContract(`ReferenceCache (isolation '${isolation}')`, {
    create: () => {
      clock = new ManualClock()
      return new ReferenceCache({ clock, isolation })
    },
    advance: (milliseconds) => clock.advance(milliseconds),
    clock: 'manual',
    isolation,
    createObserved: (monitor) => {
      clock = new ManualClock()
      return new ReferenceCache({ clock, isolation, monitor })
    },
    stats: (cache) => cache.getStats(),
  })
}

testCacheContract('ReferenceCache (the clock of the machine)', {
  create: () => new ReferenceCache(),
  advance: (milliseconds) => sleep(milliseconds),
})

let clockOfSmallest = new ManualClock()
testCacheContract('SmallestCache', {
  create: () => {
    clockOfSmallest = new ManualClock()
    return new SmallestCache(clockOfSmallest)
  },
  advance: (milliseconds) => clockOfSmallest.advance(milliseconds),
  clock: 'manual',
  without: ['getTtl', 'scan', 'tags', 'stale', 'types', 'atomicAdd'],
})
