import type { Bug } from './bug.js'
import { THROUGH_REDIS, TWO_TIERS } from './set-ups.js'

const CLIENT = 'cache-redis/dist/connection/client-settings.js'
const CONNECTION = 'cache-redis/dist/connection/redis-connection.js'
const SERVER = 'cache-redis/dist/connection/redis-server.js'
const TIME_LIMIT = 'cache-redis/dist/connection/time-limit.js'

/** Bugs that let calls hang, hide errors or prevent the recovery of a cache. */
export const CALL_BUGS: readonly Bug[] = [
  {
    name: 'no-time-limit',
    breaks: 'every call settles, whatever the server does',
    setUp: { ...THROUGH_REDIS, faults: ['connections', 'server frozen'] },
    patches: [
      {
        file: TIME_LIMIT,
        find: 'call.fail(timedOut(this.milliseconds + call.extraMs))',
        replace: 'undefined',
      },
      // Both also fail calls whose connection is lost.
      { file: TIME_LIMIT, find: 'call.fail?.(error);', replace: 'undefined;' },
      { file: CLIENT, find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: null' },
    ],
  },
  {
    name: 'trust-never-regained',
    breaks: 'a server that answers again is used again',
    setUp: { ...TWO_TIERS, faults: ['server frozen'], seconds: 5 },
    patches: [
      {
        file: SERVER,
        find: "while (this.#state === 'unhealthy' &&",
        replace: "while (!this.#wasTried && this.#state === 'unhealthy' &&",
      },
    ],
  },
  {
    name: 'failed-check-is-thrown',
    breaks: 'no promise is rejected that no caller awaits',
    setUp: { ...THROUGH_REDIS, faults: ['server frozen'] },
    patches: [
      {
        file: SERVER,
        find: 'const code = errorCodeOf(error); this.#recordError(code); if (isErrorReply(error))',
        replace: `throw error; const code = errorCodeOf(error); this.#recordError(code);
          if (isErrorReply(error))`,
      },
    ],
  },
  {
    name: 'connection-left-open',
    breaks: 'a closed cache does not keep the process alive',
    setUp: { ...TWO_TIERS, faults: [], seconds: 2 },
    patches: [
      {
        file: CONNECTION,
        find: 'if (this.#options.owned) destroyClient(this.#client);',
        replace: '',
      },
    ],
  },
]
