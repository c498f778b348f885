import type { Bug } from './bug.js'
import { TWO_TIERS } from './set-ups.js'

const TRACKING = 'cache-redis/dist/tracking/tracking-connection.js'
const MEMORY_TIER = 'cache-redis/dist/two-tier/memory-tier.js'
const WIRING = 'cache-redis/dist/two-tier/wiring.js'
const FRESHNESS = 'cache-redis/dist/two-tier/memory-tier.js'

/** Bugs that miss changes without detecting it. */
export const TRACKING_BUGS: readonly Bug[] = [
  {
    name: 'invalidations-ignored',
    breaks: 'an invalidation removes the copy of its key',
    setUp: { ...TWO_TIERS, faults: [] },
    patches: [{ file: MEMORY_TIER, find: 'else this.#entries.remove(key);', replace: '' }],
  },
  {
    name: 'no-flush-on-reconnect',
    breaks: 'copies from before a tracking connection was lost are not used after it',
    setUp: { ...TWO_TIERS, faults: ['subscriptions', 'network reset', 'network lost'] },
    patches: [
      {
        file: WIRING,
        find: 'admission.missedInvalidations(); forget();',
        replace: '',
      },
    ],
  },
  {
    name: 'tracking-armed-late',
    breaks: 'a tracking connection is live once tracking is on, not before',
    setUp: { ...TWO_TIERS, faults: ['subscriptions', 'network reset'] },
    patches: [
      {
        file: TRACKING,
        find: `await this.#client.call('CLIENT', 'TRACKING', ...mode);
          await this.#client.subscribe(CHANNEL);`,
        replace: `setTimeout(() => {
            this.#client.call('CLIENT', 'TRACKING', ...mode).catch(() => undefined);
            this.#client.subscribe(CHANNEL).catch(() => undefined);
          }, 300).unref();`,
      },
    ],
  },
  {
    name: 'link-without-lease',
    breaks: 'a tracking connection that has stopped responding is not relied on',
    setUp: { ...TWO_TIERS, faults: ['network dead', 'network without'] },
    patches: [
      { file: TRACKING, find: 'MIN_LEASE_MS = 750', replace: 'MIN_LEASE_MS = 1_000_000_000' },
      // The time limit of the client also ends such a connection, a little later.
      {
        file: TRACKING,
        find: 'if (failure !== undefined) { this.#failed(failure); return; }',
        replace: 'if (failure !== undefined) return;',
      },
    ],
  },
  {
    name: 'copies-without-proof',
    breaks: 'while Redis can be used and invalidations may be missed, reads go to Redis',
    setUp: { ...TWO_TIERS, keys: 64, faults: ['subscriptions'], lostBoundMs: 100 },
    patches: [{ file: FRESHNESS, find: "return 'none';", replace: "return 'all';" }],
  },
]
