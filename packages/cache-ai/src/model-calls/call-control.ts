import type { Ttl } from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertTags,
  flagArgument,
  invalidArgument,
  toFiniteMilliseconds,
  toGraceMilliseconds,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import { BypassError } from './call-status.js'
import type { KeyDocument, RequestKey } from './request-key.js'

/** Options of one model call. Every adapter gives them the same meaning. */
export interface CallControl {
  /** Whether the call ignores a stored answer and asks the model. Default: false. */
  readonly refresh?: boolean | undefined
  /** Whether the answer of the model stays out of the cache. Default: false. */
  readonly noStore?: boolean | undefined
  /** The greatest age of a stored answer for this call; 0 is the same as `refresh`. Default: any age. */
  readonly maxAge?: Exclude<Ttl, null> | undefined
  /** Whether the call never asks the model. It fails with `NOT_CACHED` without a stored answer. Default: false. */
  readonly onlyIfCached?: boolean | undefined
  /**
   * The time after its TTL during which the call accepts a stored answer, while a new one is requested in the
   * background. 0 for none; more needs a `ttl`. Default: the option of the adapter.
   */
  readonly staleWhileRevalidate?: Exclude<Ttl, null> | undefined
  /** The TTL of the answer. Default: the option of the adapter. */
  readonly ttl?: Ttl | undefined
  /** Tags by which `invalidateTags` removes the answer, in addition to those of the adapter. Default: none. */
  readonly tags?: readonly string[] | undefined
  /** Another number or name asks for another answer to the same request. Default: 0. */
  readonly variant?: string | number | undefined
  /** The purpose of the call, such as `'summarize'`, for the savings. 1 to 64 characters. Default: `'default'`. */
  readonly operation?: string | undefined
}

const CONTROL_FIELDS: ReadonlySet<string> = new Set<keyof CallControl>([
  ...(['refresh', 'noStore', 'maxAge', 'onlyIfCached', 'staleWhileRevalidate'] as const),
  ...(['ttl', 'tags', 'variant', 'operation'] as const),
])

/** {@link CallControl}, checked and in milliseconds. */
export interface ControlPlan {
  readonly refresh: boolean
  readonly noStore: boolean
  readonly maxAgeMs: number
  readonly onlyIfCached: boolean
  readonly staleMs: number
  /** `undefined` for the default of the cache; `Infinity` for no expiry. */
  readonly ttlMs: number | undefined
  readonly tags: readonly string[]
  readonly variant: string | number
  readonly operation: string
}

/** A call that may use the cache. */
export interface CachedCall {
  readonly key: RequestKey
  /** The request that the key is made of. */
  readonly document: KeyDocument
  readonly plan: ControlPlan
}

/** Defaults of an adapter for its calls. */
export interface StoreDefaults {
  readonly ttl?: Ttl | undefined
  readonly staleWhileRevalidate?: Exclude<Ttl, null> | undefined
  readonly tags?: readonly string[] | undefined
}

/** @throws BypassError (`invalid_control`) for a control that is wrong, because no option may break a model call */
export function planControl(control: unknown, defaults: StoreDefaults): ControlPlan {
  try {
    return checkedControl(control ?? {}, defaults)
  } catch (error) {
    const { context } = error as { context?: { argument?: string; field?: string } }
    throw new BypassError('invalid_control', context?.field ?? context?.argument ?? 'control')
  }
}

/** @throws ValidationError that names the option and its rule */
export function checkedControl(control: unknown, defaults: StoreDefaults): ControlPlan {
  assertKnownFields(control, CONTROL_FIELDS, 'control')
  const {
    maxAge,
    tags: own = [],
    variant = 0,
    operation = 'default',
    ...given
  } = control as CallControl
  const ttl = given.ttl === undefined ? defaults.ttl : given.ttl
  const stale = given.staleWhileRevalidate ?? defaults.staleWhileRevalidate ?? 0
  const staleMs = toGraceMilliseconds(stale, 'staleWhileRevalidate')
  assertTags(own)
  const tags = [...(defaults.tags ?? []), ...own]
  assertTags(tags)
  if (staleMs > 0 && ttl === undefined)
    throw invalidArgument('ttl', 'set when staleWhileRevalidate is', ttl)
  const isVariant = typeof variant === 'string' || Number.isSafeInteger(variant)
  if (!isVariant) throw invalidArgument('variant', 'a string or an integer', variant)
  if (typeof operation !== 'string' || operation === '' || operation.length > 64)
    throw invalidArgument('operation', 'a string of 1 to 64 characters', operation)
  // Every answer is older than nothing.
  const isAnyTooOld = maxAge === 0
  const isAnyAge = maxAge === undefined || isAnyTooOld
  const plan: ControlPlan = {
    refresh: flagArgument('refresh', given.refresh) || isAnyTooOld,
    noStore: flagArgument('noStore', given.noStore),
    maxAgeMs: isAnyAge ? Number.POSITIVE_INFINITY : toFiniteMilliseconds(maxAge, 'maxAge'),
    onlyIfCached: flagArgument('onlyIfCached', given.onlyIfCached),
    staleMs,
    ttlMs: ttl === undefined ? undefined : toMilliseconds(ttl),
    tags,
    variant,
    operation,
  }
  if (plan.refresh && plan.onlyIfCached)
    throw invalidArgument('onlyIfCached', 'false when refresh is true', true)
  return plan
}
