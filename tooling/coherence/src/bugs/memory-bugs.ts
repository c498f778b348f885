import type { Bug } from './bug.js'
import { IN_ONE_PROCESS, TWO_TIERS } from './set-ups.js'

const COPIES = 'cache-redis/dist/memory/copies.js'
const MEMORY_TIER = 'cache-redis/dist/memory/near-tier.js'
const WRITES = 'cache-redis/dist/tiers/tier-writes.js'

/** Bugs that leave outdated values in the memory tier. */
export const MEMORY_BUGS: readonly Bug[] = [
  {
    name: 'no-read-fence',
    breaks: 'a reply from before a change is not kept as a copy after it',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['network with late answers', 'network slow'] },
    patches: [
      {
        file: COPIES,
        find: 'if (isOvertaken(reading, key) || !this.#options.isProven())',
        replace: 'if (!this.#options.isProven())',
      },
    ],
  },
  {
    name: 'own-write-counts-as-proven',
    breaks: 'a value that this process wrote is not proven to be what Redis holds',
    setUp: { ...TWO_TIERS, keys: 1_024, faults: ['server slow'] },
    patches: [
      {
        file: COPIES,
        find: '{ kept, seen, proven: false, awaitsEcho }',
        replace: '{ kept, seen, proven: true, awaitsEcho }',
      },
    ],
  },
  {
    name: 'old-copy-stays-while-writing',
    breaks: 'the old copy is removed before a write is sent, because the write may fail',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['out of memory', 'server frozen'] },
    patches: [
      {
        file: COPIES,
        find: 'this.#options.near?.drop(write.key); return true;',
        replace: 'return true;',
      },
      // Without this patch, the removal after the failure would hide the bug.
      {
        file: COPIES,
        find: 'if (!write.overtaken) this.#options.near?.drop(write.key);',
        replace: '',
      },
    ],
  },
  {
    name: 'old-copy-back-after-a-failed-write',
    breaks: 'a copy of the old value that was read during a failed write is removed',
    setUp: {
      ...{ ...TWO_TIERS, keys: 4, pauseMs: 0, lanes: 16 },
      faults: ['memory full in turns'],
    },
    patches: [
      {
        file: COPIES,
        find: 'if (!write.overtaken) this.#options.near?.drop(write.key);',
        replace: '',
      },
    ],
  },
  {
    name: 'delete-in-redis-only',
    breaks: 'a delete removes the copy in memory too',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['server frozen', 'network'] },
    patches: [
      {
        file: WRITES,
        find: `copies.claim(write);
          try {
            const removed = (await redis?.removals.remove(write)) ?? wasNear;`,
        replace: 'try { const removed = (await redis?.removals.remove(write)) ?? wasNear;',
      },
      { file: WRITES, find: 'if (!write.overtaken) near?.drop(key);', replace: '' },
    ],
  },
  {
    name: 'pattern-in-redis-only',
    breaks: 'a pattern removes copies from memory, too',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['server frozen', 'network'] },
    patches: [
      {
        file: COPIES,
        find: 'this.#fence.claimAll(matches, change); this.#options.near?.dropMatching(pattern);',
        replace: 'this.#fence.claimAll(matches, change);',
      },
      {
        file: COPIES,
        find: 'this.#fence.overtakeReads(matches); this.#options.near?.dropMatching(pattern);',
        replace: 'this.#fence.overtakeReads(matches);',
      },
    ],
  },
  {
    name: 'memory-outlives-redis',
    breaks: 'a copy stays in memory no longer than the value in Redis',
    setUp: { ...TWO_TIERS, keys: 4_096, faults: [] },
    patches: [
      {
        file: COPIES,
        find: 'Math.floor(Math.min(leftMs, allowedMs))',
        replace: 'allowedMs',
      },
    ],
  },
  {
    name: 'keys-share-a-place-in-memory',
    breaks: 'a key returns its own value only',
    setUp: { ...TWO_TIERS, faults: [] },
    patches: [
      { file: MEMORY_TIER, find: 'this.#entries.use(key)', replace: 'this.#entries.use(key[0])' },
      { file: MEMORY_TIER, find: 'this.#entries.put(key,', replace: 'this.#entries.put(key[0],' },
    ],
  },
  {
    name: 'slow-write-sent-after-a-later-one',
    breaks: 'a write that takes long to encode is not sent after a later one',
    setUp: { ...IN_ONE_PROCESS, keys: 16, overlap: true, faults: [] },
    patches: [
      {
        file: COPIES,
        find: 'if (!this.#fence.claim(write)) return false;',
        replace: 'this.#fence.claim(write);',
      },
      {
        file: 'cache-redis/dist/redis/writes.js',
        find: 'this.#send(named, attempt, seen, () => !write.overtaken)',
        replace: 'this.#send(named, attempt, seen, () => true)',
      },
    ],
  },
  {
    name: 'superseded-write-returns-early',
    breaks: 'a superseded write returns only after the superseding write has ended',
    setUp: {
      ...{ memory: false, sharing: 'shared', loads: false, overlap: true, pauseMs: 0.5, keys: 8 },
      faults: ['network', 'server frozen', 'server slow'],
    },
    patches: [
      {
        file: WRITES,
        find: 'if (!copies.claim(write)) return await this.#afterSuperseding(redis, write);',
        replace: "if (!copies.claim(write)) return 'superseded';",
      },
      {
        file: WRITES,
        find: 'write.overtaker !== undefined) { return await this.#afterSuperseding(redis, write); }',
        replace: "write.overtaker !== undefined) { return 'superseded'; }",
      },
    ],
  },
]
