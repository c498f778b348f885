import type { KeyObject } from 'node:crypto'
import {
  CacheInterface,
  type Clock,
  type Logger,
  systemClock,
  type Ttl,
} from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  choiceOption,
  flagOption,
  invalidOption,
  Reporter,
} from '@verbatim/cache-core/implement'
import { checkedKeySecret, type KeySecretOption } from '../keys/key-secret.js'
import { checkedControl, type StoreDefaults } from './call-control.js'
import type { WhenAbandoned } from './flights.js'
import { checkedPrices, type PriceTable } from './savings.js'
import { assertModelTenant, type Tenant } from './tenant.js'

/** Options of every adapter that caches model calls. */
export interface ModelCacheOptions extends KeySecretOption {
  /** Any cache of Verbatim, such as `InMemoryCache`, `GenericRedisCache` or `AIResponseCache`. */
  readonly cache: CacheInterface
  /**
   * The owner of the answers, which no other owner receives: a name, `SHARED` for answers without an owner, or
   * a function that is called for each call. Take the name from the session that your application verified.
   */
  readonly tenant: Tenant | (() => Tenant)
  /** The TTL of answers. Default: the `defaultTtl` of the cache. */
  readonly ttl?: Ttl | undefined
  /**
   * The time after its TTL during which an answer is served while a new one is requested in the background.
   * Needs `ttl`. Default: none.
   */
  readonly staleWhileRevalidate?: Exclude<Ttl, null> | undefined
  /** Tags of all answers, for `invalidateTags`. Default: none. */
  readonly tags?: readonly string[] | undefined
  /**
   * A version of prompts and answers. Another version finds none of the older answers. Also tells models apart
   * that have the same provider and model name, such as two servers. Default: none.
   */
  readonly version?: string | undefined
  /**
   * Whether a model call goes on and is stored when its last caller leaves (`'finish'`), or is aborted
   * (`'abort'`). Default: `'abort'`.
   */
  readonly whenAbandoned?: WhenAbandoned | undefined
  /**
   * Whether to cache calls whose answer depends on the provider: its tools, such as web search, and its stored
   * conversations. Default: false.
   */
  readonly cacheStatefulCalls?: boolean | undefined
  /** Prices of models, to report the money that the cache saves. Default: only tokens and time are reported. */
  readonly prices?: PriceTable | undefined
  /** Prefix of every message. 1 to 64 characters. Default: none. */
  readonly name?: string | undefined
  /** Receives messages for people. Default: important ones are warnings of the process. */
  readonly logger?: Logger | undefined
  /** Source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
}

export const MODEL_CACHE_FIELDS: readonly (keyof ModelCacheOptions)[] = [
  ...(['cache', 'tenant', 'ttl', 'staleWhileRevalidate', 'tags', 'version', 'keySecret'] as const),
  ...(['whenAbandoned', 'cacheStatefulCalls', 'prices', 'name', 'logger', 'clock'] as const),
]

/** {@link ModelCacheOptions}, checked and with defaults. */
export interface ResolvedModelCacheOptions {
  readonly cache: CacheInterface
  readonly tenant: Tenant | (() => Tenant)
  readonly defaults: StoreDefaults
  readonly version: string | undefined
  readonly keySecret: KeyObject | undefined
  readonly whenAbandoned: WhenAbandoned
  readonly cacheStatefulCalls: boolean
  readonly prices: PriceTable | undefined
  readonly reporter: Reporter
  readonly clock: Clock
}

/**
 * @param fields - all fields that the adapter knows
 * @throws ConfigurationError (`INVALID_OPTION`) or ValidationError that names the option and its rule
 */
export function resolveModelCacheOptions(
  options: ModelCacheOptions,
  fields: ReadonlySet<string>,
): ResolvedModelCacheOptions {
  assertKnownFields(options, fields, 'options')
  const { cache, tenant, ttl, staleWhileRevalidate, tags, version, clock = systemClock } = options
  const { whenAbandoned = 'abort' } = options
  const cacheStatefulCalls = flagOption('cacheStatefulCalls', options.cacheStatefulCalls)
  if (!(cache instanceof CacheInterface)) throw invalidOption('cache', 'a Verbatim cache', cache)
  if (typeof tenant !== 'function') assertModelTenant(tenant)
  if (version !== undefined && typeof version !== 'string')
    throw invalidOption('version', 'a string', version)
  assertClock(clock)
  const plan = checkedControl({ tags }, { ttl, staleWhileRevalidate })
  const defaults = { ttl, staleWhileRevalidate, tags: plan.tags }
  return {
    ...{ cache, tenant, defaults, version, cacheStatefulCalls, clock },
    keySecret: checkedKeySecret(options.keySecret),
    prices: checkedPrices(options.prices),
    whenAbandoned: choiceOption('whenAbandoned', whenAbandoned, ['abort', 'finish']),
    reporter: new Reporter(options),
  }
}
