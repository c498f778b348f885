import type { Bug } from './bug.js'
import { TWO_TIERS } from './set-ups.js'

const LINE = 'cache-redis/dist/codec/stored-line.js'
const PLACE = 'cache-redis/dist/codec/place.js'
const SCRIPTS = 'cache-redis/dist/redis/scripts/scripts.js'
const READS = 'cache-redis/dist/redis/reads.js'

/** Serves values without a check that they belong to their key. The checksum covers the owner and the key. */
export const PLACE_NOT_CHECKED: Bug['patches'] = [
  {
    file: PLACE,
    find: `return this.#owner.owns(bytes) &&
            readHex(bytes, PLACE_OFFSET + OWNER_LENGTH) === this.seed;`,
    replace: 'return this.#owner.owns(bytes);',
  },
  {
    file: LINE,
    find: `if (crc32(bytes.subarray(KIND_OFFSET), place.seed) !== readHex(bytes, CHECKSUM_OFFSET)) {
          throw corrupt('damaged'); }`,
    replace: '',
  },
]

/** Bugs that serve or change data of other programs. */
export const FOREIGN_BUGS: readonly Bug[] = [
  {
    name: 'copied-value-served',
    breaks: 'a value is served under its own name only',
    setUp: { ...TWO_TIERS, keys: 64, faults: ['values copied'] },
    patches: PLACE_NOT_CHECKED,
  },
  {
    name: 'foreign-bytes-removed-by-reads',
    breaks: 'a read leaves in place what it cannot decode',
    setUp: { ...TWO_TIERS, faults: ['foreign data'] },
    patches: [{ file: READS, find: "if (reason !== 'damaged') {", replace: 'if (false) {' }],
  },
  {
    name: 'foreign-keys-removed-by-patterns',
    breaks: 'a pattern removes values of the cache only',
    setUp: { ...TWO_TIERS, keys: 32, faults: ['foreign data'] },
    patches: [{ file: SCRIPTS, find: 'if isOurs and not (value', replace: 'if not (value' }],
  },
]
