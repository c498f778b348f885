import type { Bug } from './bug.js'
import { IN_ONE_PROCESS } from './set-ups.js'

const CACHE = 'cache-redis/dist/generic-redis-cache.js'
const FENCE = 'cache-redis/dist/key-fence.js'

/** The memory tier holds what it must not. */
export const MEMORY_BUGS: readonly Bug[] = [
  {
    name: 'read-fence-off',
    breaks: 'a reply from before a write must not come into memory after it',
    setUp: IN_ONE_PROCESS,
    patches: [{ file: CACHE, find: 'if (!read.overtaken) { await', replace: 'if (true) { await' }],
  },
  {
    name: 'read-fence-open-at-the-end',
    breaks: 'a read sent during a write must not bring back what the write replaced',
    setUp: { ...IN_ONE_PROCESS, faults: ['out of memory'] },
    patches: [{ file: FENCE, find: "if (ticket.kind !== 'write') return;", replace: 'return;' }],
  },
  {
    name: 'write-fence-off',
    breaks: 'a write that takes long to encode must not be sent after a later one',
    setUp: { ...IN_ONE_PROCESS, overlap: true },
    patches: [
      {
        file: CACHE,
        find: 'if (!this.#fence.claim(write))',
        replace: 'if (!this.#fence.claim(write) && false)',
      },
    ],
  },
  {
    name: 'old-value-stays-while-writing',
    breaks: 'the old value leaves memory before a write is sent, for the write may fail',
    setUp: IN_ONE_PROCESS,
    patches: [
      { file: CACHE, find: 'await this.#memory?.delete(key); let stored;', replace: 'let stored;' },
    ],
  },
  {
    name: 'delete-in-redis-only',
    breaks: 'a delete removes the value from memory too',
    setUp: IN_ONE_PROCESS,
    patches: [
      { file: CACHE, find: '(await this.#memory?.delete(key)) ?? false', replace: 'false' },
      {
        file: CACHE,
        find: 'if (!write.overtaken) await this.#memory?.delete(key); this.#fence',
        replace: 'this.#fence',
      },
    ],
  },
  {
    name: 'pattern-in-redis-only',
    breaks: 'what a pattern matches leaves memory too',
    setUp: IN_ONE_PROCESS,
    patches: [
      {
        file: CACHE,
        find: '.filter(matches)); await this.#memory?.invalidatePattern(pattern);',
        replace: '.filter(matches));',
      },
      {
        file: CACHE,
        find: "'read'); await this.#memory?.invalidatePattern(pattern);",
        replace: "'read');",
      },
    ],
  },
  {
    name: 'memory-outlives-redis',
    breaks: 'a value stays in memory no longer than in Redis',
    setUp: { ...IN_ONE_PROCESS, keys: 2_048 },
    patches: [
      {
        file: CACHE,
        find: 'Math.floor(Math.min(leftMs, this.defaultLifeMs))',
        replace: 'this.defaultLifeMs',
      },
    ],
  },
  {
    name: 'keys-share-a-place-in-memory',
    breaks: 'a key answers its own value only',
    setUp: IN_ONE_PROCESS,
    patches: [
      { file: CACHE, find: 'this.#memory?.lookup(key)', replace: 'this.#memory?.lookup(key[0])' },
      {
        file: CACHE,
        find: 'this.#memory?.fill(key, kept',
        replace: 'this.#memory?.fill(key[0], kept',
      },
    ],
  },
]
