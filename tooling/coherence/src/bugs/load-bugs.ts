import type { Bug } from './bug.js'
import { IN_ONE_PROCESS, THROUGH_REDIS } from './set-ups.js'

const SCRIPTS = 'cache-redis/dist/redis/scripts/scripts.js'
const STORE = 'cache-redis/dist/two-tier/two-tier-store.js'
const READ_THROUGH = 'cache-core/dist/loading/read-through.js'

/** Bugs that store or return a value from before a change. */
export const LOAD_BUGS: readonly Bug[] = [
  {
    name: 'load-stored-over-any-state',
    breaks: 'a loaded value is stored only if the key has not changed since before the load',
    setUp: { ...THROUGH_REDIS, loads: true, faults: [] },
    patches: [
      {
        file: SCRIPTS,
        find: 'elseif not isOurs or string.sub(start, ${REVISION_OFFSET + 1}) ~= ARGV[4] then return 0',
        replace: 'elseif false then return 0',
      },
    ],
  },
  {
    name: 'lease-renewed-over-a-change',
    breaks: 'the lease of a load is not renewed after a delete of its key',
    // Only leases of loads above one second are renewed, and only for keys that were written once.
    // A second change of the key hides the bug, so the keys change rarely.
    setUp: { ...THROUGH_REDIS, loads: true, keys: 1_024, pauseMs: 12, faults: [] },
    patches: [
      {
        file: SCRIPTS,
        find: "if kindOf(bytes, ARGV[1]) ~= '?' or revisionOf(bytes) ~= ARGV[2] then return 0 end",
        replace: "if bytes and bytes ~= '' and revisionOf(bytes) ~= ARGV[2] then return 0 end",
      },
    ],
  },
  {
    name: 'load-joined-whatever-was-seen',
    breaks: 'a caller that has seen a newer state of the key does not join an older load',
    setUp: { ...THROUGH_REDIS, loads: true, faults: [] },
    patches: [
      {
        file: READ_THROUGH,
        find: 'revision === undefined || flight?.expectedRevision === revision ? flight : undefined',
        replace: 'flight',
      },
    ],
  },
  {
    name: 'load-joined-after-its-tags-were-invalidated',
    breaks: 'a caller joins no load from before an invalidation of its tags by another process',
    setUp: { ...THROUGH_REDIS, loads: true, faults: [] },
    patches: [
      {
        file: 'cache-redis/dist/two-tier/shared-loads.js',
        find: 'return this.#tagVersions.size > 0 ?',
        replace: 'return false ?',
      },
    ],
  },
  {
    name: 'load-joined-while-its-key-is-pending',
    breaks: 'a caller whose key has a pending invalidation joins no load from before a change',
    setUp: { ...THROUGH_REDIS, loads: true, keys: 128, faults: ['changes refused'] },
    patches: [
      {
        file: STORE,
        find: 'const state = await redis.reads.stateOf(key)',
        replace: 'const state = undefined',
      },
    ],
  },
  {
    name: 'late-load-stored-after-a-change',
    breaks: 'a value loaded before a change of its key in this process is not stored after it',
    // While Redis is available, it rejects the value itself.
    setUp: {
      ...IN_ONE_PROCESS,
      keys: 16,
      faults: ['server frozen', 'server killed', 'network refused'],
    },
    patches: [
      {
        file: READ_THROUGH,
        find: '!flight.fenced && !context.skipped',
        replace: '!context.skipped',
      },
    ],
  },
]
