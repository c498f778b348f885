import type { Bug } from './bug.js'
import { PLACE_NOT_CHECKED } from './foreign-bugs.js'
import { THROUGH_REDIS } from './set-ups.js'

/** Many writes of few keys, several in a turn. */
const MANY_IN_A_TURN = { ...THROUGH_REDIS, overlap: true, keys: 4, lanes: 32, pauseMs: 0 } as const

const CONNECTION = 'cache-redis/dist/connection/redis-connection.js'
const SCRIPT = 'cache-redis/dist/redis/scripts/script-commands.js'
const SCRIPTS = 'cache-redis/dist/redis/scripts/scripts.js'
const VALUES = 'cache-redis/dist/redis/value-commands.js'
const READ_BATCH = 'cache-redis/dist/redis/read-batch.js'

/** Bugs that mix up, lose or reorder the calls of one turn of the event loop. */
export const TURN_BUGS: readonly Bug[] = [
  {
    name: 'replies-of-a-turn-shifted',
    breaks: 'each read of a turn gets the reply for its own key',
    setUp: { ...THROUGH_REDIS, lanes: 32, faults: [] },
    patches: [
      {
        file: READ_BATCH,
        find: 'resolve(replies[index] ?? null);',
        replace: 'resolve(replies[(index + 1) % readers.length] ?? null);',
      },
      ...PLACE_NOT_CHECKED,
    ],
  },
  {
    name: 'replies-of-an-earlier-turn',
    breaks: 'a read does not get a reply from before its call',
    setUp: { ...THROUGH_REDIS, lanes: 32, faults: [] },
    patches: [
      {
        file: READ_BATCH,
        find: 'const replies = await this.#getMany(readers.map(({ name }) => name));',
        replace: `const names = readers.map(({ name }) => name);
          this.earlier ??= new Map();
          const fresh = await this.#getMany(names);
          const replies = names.map((name, index) => this.earlier.get(name) ?? fresh[index]);
          for (const [index, name] of names.entries()) this.earlier.set(name, fresh[index]);`,
      },
    ],
  },
  {
    name: 'values-of-a-turn-sent-after-a-later-change',
    breaks: 'the commands of a turn leave in the order of the calls, without superseded values',
    setUp: { ...MANY_IN_A_TURN, faults: [] },
    patches: [
      { file: CONNECTION, find: 'this.turn.flush();', replace: '' },
      { file: VALUES, find: 'values.filter(isWanted)', replace: '[...values]' },
      { file: VALUES, find: 'if (!value.isWanted())', replace: 'if (false)' },
    ],
  },
  {
    name: 'values-of-a-turn-sent-again-after-a-later-change',
    breaks: 'a script for many values is not sent again once a later change of one was sent',
    setUp: { ...MANY_IN_A_TURN, faults: ['scripts'] },
    patches: [
      {
        file: SCRIPT,
        find: 'WRITE_MANY, names, args, areWanted',
        replace: 'WRITE_MANY, names, args',
      },
    ],
  },
  {
    name: 'values-of-a-turn-without-deadline',
    breaks: 'the writes of a turn that timed out do not take effect later',
    setUp: { ...MANY_IN_A_TURN, faults: ['network late', 'server frozen'] },
    patches: [
      { file: SCRIPTS, find: 'if at > tonumber(ARGV[1]) then return -at end', replace: '' },
    ],
  },
]
