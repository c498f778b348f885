import type { Bug } from './bug.js'
import { THROUGH_REDIS, TWO_TIERS } from './set-ups.js'

const READS = 'cache-redis/dist/redis/reads.js'
const SCAN = 'cache-redis/dist/redis/listing.js'
const VALUES = 'cache-redis/dist/codec/value-codec.js'
const THREADS = 'cache-redis/dist/codec/workers/worker-pool.js'

/** Bugs that lose or mix up values of batches and pages. */
export const MANY_BUGS: readonly Bug[] = [
  {
    name: 'answers-mixed-up-around-untrusted-keys',
    breaks: 'each key of getMany gets its own answer, also where Redis is not asked about some',
    setUp: { ...TWO_TIERS, faults: ['changes refused', 'network without answers', 'network late'] },
    patches: [
      {
        file: READS,
        find: 'for (const [position, index] of indices.entries()) {',
        replace: 'for (const [position, index] of group.entries()) {',
      },
    ],
  },
  {
    name: 'pattern-forgets-pages',
    breaks: 'a pattern removes what matches, on whatever page of a scan it is',
    setUp: { ...THROUGH_REDIS, keys: 64, coldKeys: 2_000, faults: [] },
    patches: [{ file: SCAN, find: "while (cursor !== '0')", replace: 'while (false)' }],
  },
  {
    name: 'huge-value-of-another-key',
    breaks: 'a large value is decoded for its own key only',
    setUp: { ...TWO_TIERS, keys: 32, pauseMs: 0, faults: [] },
    patches: [
      {
        file: VALUES,
        find: '? this.#threads.unpack(body)',
        replace: `? (this.last?.length === body.decodedLength
            ? this.last.value
            : (this.last = { length: body.decodedLength, value: this.#threads.unpack(body) }).value)`,
      },
    ],
  },
  {
    name: 'thread-converts-two-values-at-a-time',
    breaks: 'a worker thread converts one value at a time, so that each gets its own parts',
    setUp: { ...TWO_TIERS, keys: 32, pauseMs: 0, faults: [] },
    patches: [
      {
        file: THREADS,
        find: 'const thread = this.#idle.pop();',
        replace: 'const thread = this.#idle.at(-1);',
      },
    ],
  },
]
