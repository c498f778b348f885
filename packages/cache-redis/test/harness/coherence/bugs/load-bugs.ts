import type { Bug } from './bug.js'
import { IN_ONE_PROCESS } from './set-ups.js'

const CACHE = 'cache-redis/dist/generic-redis-cache.js'
const READ_THROUGH = 'cache-core/dist/loading/read-through.js'
const SINGLE_FLIGHT = 'cache-core/dist/loading/single-flight.js'

/** What was loaded before a change is stored after it. */
export const LOAD_BUGS: readonly Bug[] = [
  {
    name: 'late-load-stored-after-a-change',
    breaks: 'a value that was loaded before a change of its key is not stored after it',
    setUp: IN_ONE_PROCESS,
    patches: [
      {
        file: READ_THROUGH,
        find: '!flight.fenced && !context.skipped',
        replace: '!context.skipped',
      },
    ],
  },
  {
    name: 'late-load-stored-after-a-pattern',
    breaks: 'a value that was loaded before a pattern removed its key is not stored after it',
    setUp: IN_ONE_PROCESS,
    patches: [{ file: SINGLE_FLIGHT, find: 'fenceAll() {', replace: 'fenceAll() { return;' }],
  },
  {
    name: 'set-does-not-fence-loads',
    breaks: 'a load that began before a write is not stored after it',
    setUp: IN_ONE_PROCESS,
    patches: [{ file: CACHE, find: 'if (fencesLoads) this.loads.fence(key);', replace: '' }],
  },
]
