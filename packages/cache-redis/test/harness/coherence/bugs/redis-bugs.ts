import type { Bug } from './bug.js'
import { THROUGH_REDIS } from './set-ups.js'

const CACHE = 'cache-redis/dist/generic-redis-cache.js'
const CLIENT = 'cache-redis/dist/redis-client.js'
const SHARED_TIER = 'cache-redis/dist/shared-tier.js'
const UNCONFIRMED = 'cache-redis/dist/unconfirmed-deletes.js'

/** Redis is believed although it must not be, or told what it must not. */
export const REDIS_BUGS: readonly Bug[] = [
  {
    name: 'delete-in-memory-only',
    breaks: 'a delete removes the value from Redis too',
    setUp: THROUGH_REDIS,
    patches: [{ file: CACHE, find: 'await this.#redis.remove(write)', replace: 'true' }],
  },
  {
    name: 'unconfirmed-deletes-forgotten',
    breaks: 'a key whose delete or write was not confirmed is a miss until it has been deleted',
    setUp: THROUGH_REDIS,
    patches: [{ file: UNCONFIRMED, find: 'this.#keys.set(key, {});', replace: '' }],
  },
  {
    name: 'unconfirmed-patterns-forgotten',
    breaks: 'what a pattern that was not confirmed matches is a miss until it has been deleted',
    setUp: { ...THROUGH_REDIS, sharing: 'private', keys: 512 },
    patches: [
      { file: UNCONFIRMED, find: 'this.#patterns.set(pattern,', replace: 'void (pattern,' },
    ],
  },
  {
    name: 'unconfirmed-deletes-believed',
    breaks: 'until an unconfirmed delete has been carried out Redis is not believed about the key',
    setUp: THROUGH_REDIS,
    patches: [
      { file: SHARED_TIER, find: 'return !this.#unconfirmed.has(key);', replace: 'return true;' },
    ],
  },
  {
    name: 'unconfirmed-deletes-never-settled',
    breaks: 'what was not confirmed is deleted once Redis is back',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: UNCONFIRMED,
        find: 'await this.#deleter.deleteKeys(due.map(([key]) => key));',
        replace: '',
      },
    ],
  },
  {
    name: 'unconfirmed-deletes-overflow',
    breaks: 'when too much is unconfirmed everything is deleted, and nothing forgotten',
    setUp: THROUGH_REDIS,
    patches: [
      { file: UNCONFIRMED, find: 'const MAX_KEYS = 10_000', replace: 'const MAX_KEYS = 4' },
      { file: UNCONFIRMED, find: "this.addPattern('*');", replace: '' },
    ],
  },
  {
    name: 'commands-sent-again',
    breaks: 'nothing is sent again after a reconnect: a newer value may have been written',
    setUp: { ...THROUGH_REDIS, faults: ['connections', 'server killed'], lateWritesMs: 0 },
    patches: [
      { file: CLIENT, find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: 20' },
      { file: CLIENT, find: 'enableOfflineQueue: false', replace: 'enableOfflineQueue: true' },
      {
        file: CLIENT,
        find: 'autoResendUnfulfilledCommands: false',
        replace: 'autoResendUnfulfilledCommands: true',
      },
    ],
  },
]
