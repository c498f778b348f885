import type { Bug } from './bug.js'
import { THROUGH_REDIS } from './set-ups.js'

const CLIENT = 'cache-redis/dist/redis-client.js'
const CONNECTION = 'cache-redis/dist/redis-connection.js'

/** Calls hang, or errors reach nobody. */
export const CALL_BUGS: readonly Bug[] = [
  {
    name: 'no-time-limit',
    breaks: 'every call settles, whatever the server does',
    setUp: { ...THROUGH_REDIS, faults: ['connections', 'server frozen'] },
    patches: [
      { file: CONNECTION, find: 'reject(timedOut(milliseconds))', replace: 'undefined' },
      { file: CLIENT, find: 'commandTimeout: patience,', replace: '' },
      { file: CLIENT, find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: null' },
    ],
  },
  {
    name: 'failed-check-is-thrown',
    breaks: 'nothing is rejected but what a caller waits for',
    setUp: { ...THROUGH_REDIS, faults: ['server frozen'] },
    patches: [
      {
        file: CONNECTION,
        find: 'catch { await sleep(PAUSE_BETWEEN_CHECKS_MS',
        replace: 'catch (e) { throw e; await sleep(PAUSE_BETWEEN_CHECKS_MS',
      },
    ],
  },
  {
    name: 'connection-left-open',
    breaks: 'a cache that was closed keeps no process alive',
    setUp: { ...THROUGH_REDIS, faults: [], seconds: 2 },
    patches: [{ file: CONNECTION, find: 'if (!this.#options.owned) return;', replace: 'return;' }],
  },
]
