import type { Bug } from './bug.js'
import { TWO_TIERS } from './set-ups.js'

const LINK = 'cache-redis/dist/link/invalidation-link.js'
const NEAR = 'cache-redis/dist/memory/near-tier.js'
const TIERS = 'cache-redis/dist/two-tiers.js'
const TRUST = 'cache-redis/dist/memory/memory-trust.js'

/** Changes go unheard, and nobody notices. */
export const LINK_BUGS: readonly Bug[] = [
  {
    name: 'invalidations-ignored',
    breaks: 'an invalidation removes the copy of its key',
    setUp: { ...TWO_TIERS, faults: [] },
    patches: [{ file: NEAR, find: 'else void this.#memory.delete(key);', replace: '' }],
  },
  {
    name: 'no-flush-on-reconnect',
    breaks: 'copies from before a tracking connection was lost are not used after it',
    setUp: { ...TWO_TIERS, faults: ['subscriptions', 'link reset', 'link lost'] },
    patches: [
      {
        file: TIERS,
        find: `this.#copies.forget();
          redis.tags.forget();
          redis.generations.forget();`,
        replace: '',
      },
    ],
  },
  {
    name: 'tracking-armed-late',
    breaks: 'a tracking connection is live once tracking is on, not before',
    setUp: { ...TWO_TIERS, faults: ['subscriptions', 'link reset'] },
    patches: [
      {
        file: LINK,
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
    setUp: { ...TWO_TIERS, faults: ['link dead', 'link without'] },
    patches: [
      { file: LINK, find: 'LEAST_LEASE_MS = 750', replace: 'LEAST_LEASE_MS = 1_000_000_000' },
      // The client's own time limit ends such a link as well, a little later.
      {
        file: LINK,
        find: 'if (failure !== undefined) { this.#refuse(failure); return; }',
        replace: 'if (failure !== undefined) return;',
      },
    ],
  },
  {
    name: 'copies-without-proof',
    breaks: 'while Redis can be used and invalidations may be missed, reads go to Redis',
    setUp: { ...TWO_TIERS, keys: 64, faults: ['subscriptions'], lostBoundMs: 100 },
    patches: [{ file: TRUST, find: "return 'none';", replace: "return 'any';" }],
  },
]
