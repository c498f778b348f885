import type { Bug } from './bug.js'
import { THROUGH_REDIS, TWO_TIERS } from './set-ups.js'

const PENDING = 'cache-redis/dist/redis/pending-invalidations.js'
const ADMISSION = 'cache-redis/dist/two-tier/admission.js'
const TAGS = 'cache-redis/dist/redis/tag-versions.js'
const WIRING = 'cache-redis/dist/two-tier/wiring.js'
const STORE = 'cache-redis/dist/two-tier/two-tier-store.js'

/** Bugs that serve a value after one of its tags was invalidated. */
export const TAG_BUGS: readonly Bug[] = [
  {
    name: 'tag-versions-outlive-link',
    breaks: 'versions of tags from before a tracking connection was lost are not used after it',
    setUp: { ...TWO_TIERS, faults: ['subscriptions', 'network reset', 'network lost'] },
    patches: [
      {
        file: WIRING,
        find: 'admission.missedInvalidations(); forget();',
        replace: 'admission.missedInvalidations(); redis.generations.forget();',
      },
    ],
  },
  {
    name: 'tag-versions-not-compared',
    breaks: 'a value is void once a tag that it carries has another version',
    setUp: { ...THROUGH_REDIS, faults: [] },
    patches: [
      {
        file: TAGS,
        find: 'list.every(([tag, version]) => current.get(tag) === version)',
        replace: 'list.every(([tag]) => current.has(tag) || true)',
      },
    ],
  },
  {
    name: 'tags-invalidated-in-memory-only',
    breaks: 'the invalidation of a tag removes its version from Redis too',
    setUp: { ...TWO_TIERS, faults: [] },
    patches: [
      {
        file: TAGS,
        find: 'if (first === undefined) return 0;',
        replace: 'return 1;',
      },
    ],
  },
  {
    name: 'tagged-copies-stay',
    breaks: 'the invalidation of a tag removes the copies in memory that carry the tag',
    setUp: { ...TWO_TIERS, faults: [] },
    patches: [
      {
        file: ADMISSION,
        find: 'return this.#options.memory?.deleteTagged(tags) ?? false;',
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'unconfirmed-tags-believed',
    breaks: 'a tag whose invalidation was not confirmed voids what carries it',
    setUp: { ...THROUGH_REDIS, keys: 128, faults: ['changes refused', 'server frozen', 'network'] },
    patches: [{ file: PENDING, find: 'return !this.#tags.has(tag);', replace: 'return true;' }],
  },
  {
    name: 'old-tag-versions-kept-after-an-invalidation',
    breaks: 'versions of a tag that were asked for before its invalidation are not used after it',
    setUp: {
      ...{ ...TWO_TIERS, keys: 8, pauseMs: 0.3 },
      faults: ['changes refused', 'network lost', 'network slow'],
    },
    patches: [
      {
        file: TAGS,
        find: 'const { name } = first; for (const tag of tags) this.invalidated(tag);',
        replace: 'const { name } = first; for (const tag of tags) this.#cached.delete(tag);',
      },
      { file: TAGS, find: '} finally {', replace: '} finally { tags = [];' },
    ],
  },
  {
    name: 'tag-versions-taken-after-the-load',
    breaks: 'a loaded value carries the versions that its tags had before the load',
    setUp: { ...THROUGH_REDIS, loads: true, faults: [] },
    patches: [
      {
        file: STORE,
        find: 'const expected = sharedLoads?.expectedState(flight);',
        replace: `const before = sharedLoads?.expectedState(flight);
          const expected = before && flight.tags.length > 0
            ? { ...before, tags: await this.redis.writes.takeTagVersions(flight.tags, 60_000) }
            : before;`,
      },
    ],
  },
]
