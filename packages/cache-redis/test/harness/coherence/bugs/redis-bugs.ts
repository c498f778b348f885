import type { Bug } from './bug.js'
import { THROUGH_REDIS, TWO_TIERS } from './set-ups.js'

const CHANGES = 'cache-redis/dist/redis/change-log.js'
const CLIENT = 'cache-redis/dist/connection/client-settings.js'
const PROGRAMS = 'cache-redis/dist/redis/programs/sources.js'
const SCRIPT = 'cache-redis/dist/redis/programs/script-runner.js'
const UNCONFIRMED = 'cache-redis/dist/redis/unconfirmed-deletes.js'
const WRITES = 'cache-redis/dist/tiers/tier-writes.js'

const DEADLINE = 'if at > tonumber(ARGV[3]) then return -at end'

/** Redis is believed although it must not be, or told what it must not. */
export const REDIS_BUGS: readonly Bug[] = [
  {
    name: 'delete-in-memory-only',
    breaks: 'a delete removes the value from Redis too',
    setUp: THROUGH_REDIS,
    patches: [{ file: WRITES, find: 'await shared.remove(write)', replace: 'true' }],
  },
  {
    name: 'writes-without-deadline',
    breaks: 'a write that was given up does not take effect later',
    setUp: { ...THROUGH_REDIS, faults: ['link late', 'server frozen'] },
    patches: [{ file: PROGRAMS, find: DEADLINE, replace: '' }],
  },
  {
    name: 'unconfirmed-changes-forgotten',
    breaks: 'a key whose delete or write was not confirmed is a miss until it has been deleted',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: UNCONFIRMED,
        find: "names.set(name, kind === 'pattern' ? compileGlob(name) : () => true);",
        replace: '',
      },
    ],
  },
  {
    name: 'unconfirmed-changes-believed',
    breaks: 'until an unconfirmed change has been made good Redis is not believed about the key',
    setUp: { ...THROUGH_REDIS, faults: ['server frozen', 'link late', 'link without answers'] },
    patches: [
      { file: CHANGES, find: 'return !this.#unconfirmed.has(key);', replace: 'return true;' },
    ],
  },
  {
    name: 'unconfirmed-changes-never-settled',
    breaks: 'what was not confirmed is deleted once Redis is back',
    setUp: THROUGH_REDIS,
    patches: [
      {
        file: UNCONFIRMED,
        find: 'await this.#deleter.delete(kind, due.map(([name]) => name));',
        replace: '',
      },
    ],
  },
  {
    name: 'unconfirmed-changes-overflow',
    breaks: 'when too much is unconfirmed everything is deleted, and nothing forgotten',
    setUp: THROUGH_REDIS,
    patches: [
      { file: UNCONFIRMED, find: 'key: 10_000', replace: 'key: 4' },
      { file: UNCONFIRMED, find: "this.add('pattern', '*');", replace: '' },
    ],
  },
  {
    name: 'recent-changes-not-recalled',
    breaks: 'another server is not believed about what was changed before it came',
    setUp: { ...TWO_TIERS, faults: ['server set back'] },
    patches: [
      {
        file: CHANGES,
        find: 'for (const [kind, name] of this.#recent.recall()) this.#unconfirmed.add(kind, name);',
        replace: '',
      },
    ],
  },
  {
    name: 'program-sent-again-after-a-later-change',
    breaks: 'a program is not sent again once a later change of its key has gone ahead',
    setUp: { ...THROUGH_REDIS, overlap: true, keys: 4, lanes: 16, faults: ['scripts'] },
    patches: [
      { file: SCRIPT, find: 'return isWanted() ? scripts', replace: 'return true ? scripts' },
    ],
  },
  {
    name: 'commands-sent-again',
    breaks: 'nothing is sent again after a reconnect: a newer value may have been written',
    setUp: { ...THROUGH_REDIS, faults: ['connections', 'server killed', 'link reset'] },
    patches: [
      { file: CLIENT, find: 'maxRetriesPerRequest: 0', replace: 'maxRetriesPerRequest: 20' },
      { file: CLIENT, find: 'enableOfflineQueue: false', replace: 'enableOfflineQueue: true' },
      {
        file: CLIENT,
        find: 'autoResendUnfulfilledCommands: false',
        replace: 'autoResendUnfulfilledCommands: true',
      },
      // Which would refuse what comes so late.
      { file: PROGRAMS, find: DEADLINE, replace: '' },
    ],
  },
]
