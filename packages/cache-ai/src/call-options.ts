import type { GetOrSetOptions, ReadOptions, Ttl } from '@verbatim/cache-core'
import {
  assertKnownFields,
  flagArgument,
  invalidArgument,
  planLoad,
  toFiniteMilliseconds,
} from '@verbatim/cache-core/implement'

/** Options for what one call reads and stores. */
export interface CallOptions {
  /** Whether the call ignores a stored response, and computes a new one. Default: false. */
  readonly refresh?: boolean | undefined
  /** Whether the computed response stays out of the cache. Default: false. */
  readonly noStore?: boolean | undefined
  /** The greatest age of a stored response for this call. An unknown age is too old. Default: any age. */
  readonly maxAge?: Exclude<Ttl, null> | undefined
  /** Whether the call never computes. Default: false. */
  readonly onlyIfCached?: boolean | undefined
}

/** Options of {@link AIResponseCache.getCachedResponse}. */
export interface LookupOptions extends CallOptions {
  /** `'flat'` for metadata among the fields of the response. Default: metadata beside the response. */
  readonly shape?: 'flat' | undefined
}

/** Options of {@link AIResponseCache.getOrCompute}. */
export interface ComputeOptions<T = unknown>
  extends Omit<GetOrSetOptions<T>, 'ttl' | keyof ReadOptions>,
    CallOptions {
  /**
   * The TTL of the response, or a function that returns it for the response: `undefined` for the TTL of its
   * operation, 0 for "do not store". Default: the TTL of its operation.
   */
  readonly ttl?: GetOrSetOptions<T>['ttl']
  /** Returns whether to store a computed response. Default: every response is stored. */
  readonly shouldStore?: ((response: T) => boolean) | undefined
}

/** {@link CallOptions}, checked. */
export interface CallPlan {
  readonly refresh: boolean
  readonly noStore: boolean
  /** In milliseconds; `Infinity` for any age. */
  readonly maxAgeMs: number
  readonly onlyIfCached: boolean
}

const CALL_FIELDS = ['refresh', 'noStore', 'maxAge', 'onlyIfCached'] as const
const COMPUTE_FIELDS: ReadonlySet<string> = new Set<keyof ComputeOptions>([
  ...CALL_FIELDS,
  ...(['shouldStore', 'ttl', 'tags', 'jitter', 'staleWhileRevalidate', 'staleIfError'] as const),
  ...(['timeout', 'earlyRefresh', 'signal'] as const),
])

/** Callers may share one options object with getOrCompute. */
const LOOKUP_FIELDS: ReadonlySet<string> = new Set([...COMPUTE_FIELDS, 'shape'])

/** {@link ComputeOptions}, checked and split into options of the call and options of the load. */
export interface ComputePlan<T> {
  readonly call: CallPlan
  readonly load: Omit<GetOrSetOptions<T>, keyof ReadOptions>
  /** The time after its TTL during which a response may be used, in milliseconds. */
  readonly maxStaleMs: number
  readonly shouldStore: ((response: T) => boolean) | undefined
}

/** @throws ValidationError that names the option and what it must be */
export function planCompute<T>(options: ComputeOptions<T>): ComputePlan<T> {
  assertKnownFields(options, COMPUTE_FIELDS, 'options')
  const { refresh, noStore, maxAge, onlyIfCached, shouldStore, ...load } = options
  assertShouldStore(shouldStore)
  const { staleWhileRevalidateMs, staleIfErrorMs } = planLoad<T>(load)
  const maxStaleMs = Math.max(staleWhileRevalidateMs, staleIfErrorMs)
  const call = planCall({ refresh, noStore, maxAge, onlyIfCached })
  return { call, load, maxStaleMs, shouldStore }
}

/** The plan of a call without options. */
const ANY_RESPONSE: CallPlan = planCall({})

/** @throws ValidationError that names the option and what it must be */
export function planLookup(options: LookupOptions | undefined): CallPlan {
  if (options === undefined) return ANY_RESPONSE
  assertKnownFields(options, LOOKUP_FIELDS, 'options')
  const { shape } = options
  if (shape !== undefined && shape !== 'flat')
    throw invalidArgument('shape', "'flat', or undefined", shape)
  assertShouldStore((options as { readonly shouldStore?: unknown }).shouldStore)
  return planCall(options)
}

/** @throws ValidationError that names the option and what it must be */
function planCall(options: CallOptions): CallPlan {
  const { maxAge } = options
  const plan = {
    refresh: flagArgument('refresh', options.refresh),
    noStore: flagArgument('noStore', options.noStore),
    maxAgeMs:
      maxAge === undefined ? Number.POSITIVE_INFINITY : toFiniteMilliseconds(maxAge, 'maxAge'),
    onlyIfCached: flagArgument('onlyIfCached', options.onlyIfCached),
  }
  if (!plan.refresh || !plan.onlyIfCached) return plan
  throw invalidArgument('onlyIfCached', 'false when refresh is true', true)
}

/** @throws ValidationError unless it is undefined or a function */
function assertShouldStore(shouldStore: unknown): void {
  if (shouldStore === undefined || typeof shouldStore === 'function') return
  throw invalidArgument('shouldStore', 'a function', shouldStore)
}
