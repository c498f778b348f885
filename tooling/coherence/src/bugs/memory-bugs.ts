import type { Bug, Patch } from './bug.js'
import { IN_ONE_PROCESS, TWO_TIERS } from './set-ups.js'

const ADMISSION = 'cache-redis/dist/two-tier/admission.js'
const MEMORY_TIER = 'cache-redis/dist/two-tier/memory-tier.js'
const STORE = 'cache-redis/dist/two-tier/two-tier-store.js'
const WRITE_THROUGH = 'cache-redis/dist/two-tier/write-through.js'

const RETAIN_COPY_AFTER_FAILURE: readonly Patch[] = [
  {
    file: WRITE_THROUGH,
    find: 'catch (error) { admission.removeCopy(write); throw error;',
    replace: 'catch (error) { throw error;',
  },
  {
    file: WRITE_THROUGH,
    find: 'for (const write of writes) admission.removeCopy(write); throw error;',
    replace: 'throw error;',
  },
]

/** Bugs that leave outdated values in the memory tier. */
export const MEMORY_BUGS: readonly Bug[] = [
  {
    name: 'no-read-fence',
    breaks: 'a reply from before a change is not kept as a copy after it',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['network with late answers', 'network slow'] },
    patches: [
      {
        file: ADMISSION,
        find: 'if (isSuperseded(reads, key) || !this.#options.tracking?.isCurrent())',
        replace: 'if (!this.#options.tracking?.isCurrent())',
      },
    ],
  },
  {
    name: 'own-write-counts-as-proven',
    breaks: 'a value that this process wrote is not proven to be what Redis holds',
    setUp: { ...TWO_TIERS, keys: 1_024, faults: ['server slow'] },
    patches: [
      {
        file: ADMISSION,
        find: '{ storedValue, revision, isTracked: false, awaitsOwnInvalidation }',
        replace: '{ storedValue, revision, isTracked: true, awaitsOwnInvalidation }',
      },
    ],
  },
  {
    name: 'old-copy-stays-while-writing',
    breaks: 'the old copy is removed before a write is sent, because the write may fail',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['out of memory', 'server frozen'] },
    patches: [
      {
        file: ADMISSION,
        find: 'this.#options.memory?.delete(write.key); return true;',
        replace: 'return true;',
      },
      // The removal after the failure would hide the bug.
      ...RETAIN_COPY_AFTER_FAILURE,
    ],
  },
  {
    name: 'old-copy-back-after-a-failed-write',
    breaks: 'a copy of the old value that was read during a failed write is removed',
    setUp: {
      ...{ ...TWO_TIERS, keys: 4, pauseMs: 0, lanes: 16 },
      faults: ['memory full in turns'],
    },
    patches: RETAIN_COPY_AFTER_FAILURE,
  },
  {
    name: 'delete-in-redis-only',
    breaks: 'a delete removes the copy in memory too',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['server frozen', 'network'] },
    patches: [
      {
        file: STORE,
        find: `admission.claim(write);
          try {
            const removed = (await redis?.writes.delete(write)) ?? wasInMemory;`,
        replace: 'try { const removed = (await redis?.writes.delete(write)) ?? wasInMemory;',
      },
      { file: STORE, find: 'finally { admission.removeCopy(write);', replace: 'finally {' },
    ],
  },
  {
    name: 'pattern-in-redis-only',
    breaks: 'a pattern removes copies from memory, too',
    setUp: { ...TWO_TIERS, keys: 128, faults: ['server frozen', 'network'] },
    patches: [
      {
        file: ADMISSION,
        find: 'this.#operations.claimAll(matches, removal); this.#options.memory?.deleteMatching(pattern);',
        replace: 'this.#operations.claimAll(matches, removal);',
      },
      {
        file: ADMISSION,
        find: 'this.#operations.supersedeReads(matches); this.#options.memory?.deleteMatching(pattern);',
        replace: 'this.#operations.supersedeReads(matches);',
      },
    ],
  },
  {
    name: 'memory-outlives-redis',
    breaks: 'a copy stays in memory no longer than the value in Redis',
    setUp: { ...TWO_TIERS, keys: 4_096, faults: [] },
    patches: [
      {
        file: ADMISSION,
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
        file: ADMISSION,
        find: 'if (!this.#operations.claim(write)) return false;',
        replace: 'this.#operations.claim(write);',
      },
      {
        file: 'cache-redis/dist/redis/value-sender.js',
        find: `const isWanted = () => !write.isSuperseded;
        const first = {`,
        replace: 'const isWanted = () => true; const first = {',
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
        file: WRITE_THROUGH,
        find: 'if (!admission.claim(write)) return await this.#afterSuperseding(redis, write);',
        replace: "if (!admission.claim(write)) return 'superseded';",
      },
      {
        file: WRITE_THROUGH,
        find: 'write.supersededBy !== undefined) { return await this.#afterSuperseding(redis, write); }',
        replace: "write.supersededBy !== undefined) { return 'superseded'; }",
      },
    ],
  },
]
