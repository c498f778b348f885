import type { Bug } from './bug.js'
import { SNAPSHOTS, THROUGH_REDIS, TWO_TIERS } from './set-ups.js'

const GENERATION = 'cache-redis/dist/redis/records.js'
const GENERATIONS = 'cache-redis/dist/redis/generations.js'
const CHANGES = 'cache-redis/dist/redis/change-recorder.js'
const PENDING = 'cache-redis/dist/redis/pending-invalidations.js'
const READS = 'cache-redis/dist/redis/reads.js'
const RECENT = 'cache-redis/dist/redis/recent-changes.js'
const STORE = 'cache-redis/dist/redis/redis-store.js'

/** A limit so small that it overflows during an outage. */
const FEW_PENDING = { file: PENDING, find: 'key: 100_000', replace: 'key: 4' } as const

/** Bugs that hide lost changes of a server or too many pending invalidations. */
export const GENERATION_BUGS: readonly Bug[] = [
  {
    name: 'epochs-not-compared',
    breaks: 'a server that lacks an epoch that this process knows went back in time',
    setUp: SNAPSHOTS,
    patches: [
      {
        file: GENERATION,
        find: "if (known.generation === '') return false;",
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'epoch-never-advanced',
    breaks: 'an epoch begins soon after a change',
    setUp: SNAPSHOTS,
    patches: [{ file: RECENT, find: 'await this.#advanceEpoch(node);', replace: '' }],
  },
  {
    name: 'epochs-cease-out-of-memory',
    breaks: 'epochs go on while Redis is out of memory, and after that',
    setUp: { ...SNAPSHOTS, faults: ['older snapshot', 'memory full'] },
    patches: [
      {
        file: 'cache-redis/dist/redis/scripts/scripts.js',
        find: `DESPITE_FULL_MEMORY = "redis.call('PERSIST', KEYS[1])"`,
        replace: "DESPITE_FULL_MEMORY = ''",
      },
      { file: RECENT, find: 'if (isLastingRefusal(error))', replace: '' },
    ],
  },
  {
    name: 'generation-not-raised-for-a-rewound-server',
    breaks: 'the generation is raised on a server that went back in time',
    setUp: SNAPSHOTS,
    patches: [
      {
        file: GENERATIONS,
        find: 'if (isRewound || generation === undefined) {',
        replace: 'if (generation === undefined) {',
      },
    ],
  },
  {
    name: 'generation-not-compared-at-reads',
    breaks: 'a value of an earlier generation is void',
    setUp: SNAPSHOTS,
    patches: [
      {
        file: READS,
        find: `return found === 'foreign' ? 'absent' : found;
          const current = typeof generation === 'string' ? generation : await generation;
          if (found.generation !== undefined && found.generation !== current) {
            return voided(found, current);
          }`,
        replace: "return found === 'foreign' ? 'absent' : found;",
      },
    ],
  },
  {
    name: 'generation-not-compared-by-get-many',
    breaks: 'a value of an earlier generation is void for getMany, too',
    setUp: SNAPSHOTS,
    patches: [
      {
        file: READS,
        find: 'const isCurrent = each.generation === undefined || each.generation === generation;',
        replace: 'const isCurrent = true;',
      },
    ],
  },
  {
    name: 'recent-changes-not-repeated',
    breaks: 'changes that no epoch covers yet are made again when another server has come',
    setUp: { ...TWO_TIERS, keys: 64, coldKeys: 512, faults: ['server set back at once'] },
    patches: [
      {
        file: STORE,
        find: 'else if (mayHaveLostChanges) this.#repeat(node, this.#recent.take(node));',
        replace: '',
      },
    ],
  },
  {
    name: 'replayed-changes-not-repeated',
    breaks: 'a change that was pending is made again, too, when another server has come',
    setUp: {
      ...TWO_TIERS,
      keys: 64,
      coldKeys: 512,
      faults: ['server set back after lost connections'],
    },
    patches: [
      {
        file: CHANGES,
        find: 'this.#recent.add(this.#nodeOf(kind, name), kind, name, revisionOf(name)); }',
        replace: '}',
      },
    ],
  },
  {
    name: 'generation-not-raised-on-overflow',
    breaks: 'when too many invalidations are pending the generation is raised',
    setUp: THROUGH_REDIS,
    patches: [
      FEW_PENDING,
      {
        file: PENDING,
        find: 'this.#tags.clear(); this.#generations.add(ALL);',
        replace: 'this.#tags.clear();',
      },
    ],
  },
]
