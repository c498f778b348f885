import type { Bug } from './bug.js'
import { THROUGH_REDIS } from './set-ups.js'

const CLIENT = 'cache-redis/dist/connection/client-settings.js'
const PENDING = 'cache-redis/dist/redis/pending-invalidations.js'
const SCRIPTS = 'cache-redis/dist/redis/scripts/scripts.js'
const SCRIPT = 'cache-redis/dist/redis/scripts/script-commands.js'
const STORE = 'cache-redis/dist/two-tier/two-tier-store.js'

const DEADLINE = 'if at > tonumber(ARGV[3]) then return -at end'

/** Bugs that read from Redis or write to it at the wrong time. */
export const REDIS_BUGS: readonly Bug[] = [
  {
    name: 'delete-in-memory-only',
    breaks: 'a delete removes the value from Redis too',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: STORE,
        find: 'const removed = (await redis?.writes.delete(write)) ?? wasInMemory;',
        replace: 'const removed = true;',
      },
    ],
  },
  {
    name: 'writes-without-deadline',
    breaks: 'a write that timed out does not take effect later',
    setUp: { ...THROUGH_REDIS, faults: ['network late', 'server frozen'] },
    patches: [{ file: SCRIPTS, find: DEADLINE, replace: '' }],
  },
  {
    name: 'pending-invalidations-forgotten',
    breaks: 'a key whose change was not confirmed is a miss until it has been deleted',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: PENDING,
        find: "if (kind === 'key') this.#keys.set(name, pending);",
        replace: "if (kind === 'key') void name;",
      },
    ],
  },
  {
    name: 'pending-keys-trusted',
    breaks: 'Redis is not asked about a key whose invalidation is pending',
    setUp: {
      ...THROUGH_REDIS,
      faults: ['server frozen', 'network late', 'network without answers'],
    },
    patches: [
      {
        file: PENDING,
        find: 'if (this.#keys.has(key) || this.#generations.has(ALL)) return false;',
        replace: 'if (this.#generations.has(ALL)) return false;',
      },
    ],
  },
  {
    name: 'pending-invalidations-not-replayed',
    breaks: 'pending invalidations are sent again once Redis is back',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: PENDING,
        find: "this.#settle(sender, 'key', keys, await sender.removeKeys(revisions));",
        replace: "this.#settle(sender, 'key', keys, new Map());",
      },
    ],
  },
  {
    name: 'program-sent-again-after-a-later-change',
    breaks: 'a script is not sent again once a later change of its key was sent',
    setUp: { ...THROUGH_REDIS, overlap: true, keys: 4, lanes: 16, faults: ['scripts'] },
    patches: [
      { file: SCRIPT, find: 'return isWanted() ? methods', replace: 'return true ? methods' },
    ],
  },
  {
    name: 'commands-sent-again',
    breaks: 'no command is sent again after a reconnect, because a newer value may be there',
    setUp: { ...THROUGH_REDIS, faults: ['connections', 'server killed', 'network reset'] },
    patches: [
      { file: CLIENT, find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: 20' },
      { file: CLIENT, find: 'enableOfflineQueue: false', replace: 'enableOfflineQueue: true' },
      {
        file: CLIENT,
        find: 'autoResendUnfulfilledCommands: false',
        replace: 'autoResendUnfulfilledCommands: true',
      },
      // The deadline would reject the late write.
      { file: SCRIPTS, find: DEADLINE, replace: '' },
    ],
  },
]
