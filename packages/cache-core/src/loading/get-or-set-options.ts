import { isAbortSignal } from '../abort-listeners.js'
import { invalidArgument } from '../argument-errors.js'
import { planRead, type ReadOptions, type ReadPlan } from '../cache-entry.js'
import { type Ttl, toMilliseconds } from '../duration.js'
import { assertKnownFields } from '../known-fields.js'
import { assertTags } from '../tags.js'

/** How a value is loaded, how long it is kept, and what may be served while it cannot be. */
export interface GetOrSetOptions<T = unknown> extends ReadOptions {
  /**
   * TTL of a loaded value, or a function that returns it for the value: `undefined` for the cache's
   * `defaultTtl`, 0 for "do not store". Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | ((value: T) => Ttl | undefined) | undefined
  /** Tags by which `invalidateTags` removes the loaded value. Default: none. */
  readonly tags?: readonly string[] | undefined
  /**
   * Shortens each life by a random part of up to this, so that what was stored together does not
   * expire together. From 0 to 1; 0.1 means a life of 90 to 100 % of `ttl`. Default: 0.
   */
  readonly jitter?: number | undefined
  /**
   * For how long after its life a value is still served at once while it is loaded anew in the
   * background. Default: not at all.
   */
  readonly staleWhileRevalidate?: Exclude<Ttl, null> | undefined
  /**
   * For how long after its life a value may be served when its load fails or takes longer than
   * `timeout`. After a failure the loader rests, from 1 s doubling to 60 s. Default: not at all.
   */
  readonly staleIfError?: Exclude<Ttl, null> | undefined
  readonly timeout?: LoadTimeout | undefined
  /**
   * Loads a value anew in the background, now and then, before it expires: more likely the nearer
   * its end and the longer its load took. 1 is a good value; more refreshes earlier. 0 (off) to 100.
   * Default: 0.
   */
  readonly earlyRefresh?: number | undefined
  /** Ends the waiting. The load ends too when nobody else waits for it. */
  readonly signal?: AbortSignal | undefined
  /** Whether to load although a fresh value is cached. The loaded value replaces it. Default: false. */
  readonly refresh?: boolean | undefined
  /**
   * Whether the loaded value stays out of the cache. Another caller of the same load may still store it.
   * Default: false.
   */
  readonly noStore?: boolean | undefined
}

/** How long a caller waits for a load. The load itself goes on, and its value is stored. */
export interface LoadTimeout {
  /** After this a value that `staleIfError` permits is served instead. Default: none. */
  readonly soft?: Exclude<Ttl, null> | undefined
  /** After this the call rejects with `LOAD_TIMEOUT`, and later callers load anew. Default: none. */
  readonly hard?: Exclude<Ttl, null> | undefined
}

/** {@link GetOrSetOptions}, checked and in milliseconds. */
export interface LoadPlan<T = unknown> extends ReadPlan {
  readonly ttl: Ttl | undefined | ((value: T) => Ttl | undefined)
  readonly tags: readonly string[]
  readonly jitter: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly softTimeoutMs: number
  readonly hardTimeoutMs: number
  readonly earlyRefresh: number
  readonly signal: AbortSignal | undefined
  readonly refresh: boolean
  readonly noStore: boolean
  /** Whether any fresh value is returned as it is, and nothing else happens. */
  readonly takesFresh: boolean
}

const FIELDS: ReadonlySet<string> = new Set<keyof GetOrSetOptions>([
  'ttl',
  'tags',
  'jitter',
  'staleWhileRevalidate',
  'staleIfError',
  'timeout',
  'earlyRefresh',
  'signal',
  'accept',
  'memoryTtl',
  'onLookup',
  'refresh',
  'noStore',
])
const TIMEOUT_FIELDS: ReadonlySet<string> = new Set<keyof LoadTimeout>(['soft', 'hard'])

const NEVER = Number.POSITIVE_INFINITY

/** The plan for a call without options. */
const PLAIN: LoadPlan = Object.freeze({
  ttl: undefined,
  tags: [],
  jitter: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  softTimeoutMs: NEVER,
  hardTimeoutMs: NEVER,
  earlyRefresh: 0,
  signal: undefined,
  accept: undefined,
  memoryTtl: undefined,
  onLookup: undefined,
  refresh: false,
  noStore: false,
  takesFresh: true,
})

/**
 * Checks the options of a call before anything is done, so that nobody waits for a loader to learn
 * that a TTL is no good.
 *
 * @throws ValidationError that names the option, what it is and what it may be
 * @throws the signal's reason when it is aborted already
 */
export function planLoad<T>(options: GetOrSetOptions<T> | undefined): LoadPlan<T> {
  if (options === undefined) return PLAIN
  assertKnownFields(options, FIELDS, 'options')
  const { ttl, tags, jitter = 0, earlyRefresh = 0, timeout = {}, signal } = options
  assertKnownFields(timeout, TIMEOUT_FIELDS, 'timeout')
  if (ttl !== undefined && typeof ttl !== 'function') toMilliseconds(ttl)
  if (tags !== undefined) assertTags(tags)
  checkNumber('jitter', jitter, 1)
  checkNumber('earlyRefresh', earlyRefresh, 100)
  checkSignal(signal)
  const refresh = flag('refresh', options.refresh)
  const noStore = flag('noStore', options.noStore)
  const { accept, memoryTtl, onLookup } = planRead(options)
  // No spread: properties that follow one make V8 take 15 us for this object.
  return {
    accept: refresh ? acceptsNothing : accept,
    memoryTtl,
    onLookup,
    refresh,
    noStore,
    takesFresh: !refresh && earlyRefresh === 0 && accept === undefined && onLookup === undefined,
    ttl,
    // A copy, for the load may outlast what the caller does to the list.
    tags: tags === undefined ? PLAIN.tags : [...tags],
    jitter,
    staleWhileRevalidateMs: duration('staleWhileRevalidate', options.staleWhileRevalidate, 0),
    staleIfErrorMs: duration('staleIfError', options.staleIfError, 0),
    softTimeoutMs: duration('timeout.soft', timeout.soft, NEVER),
    hardTimeoutMs: duration('timeout.hard', timeout.hard, NEVER),
    earlyRefresh,
    signal,
  }
}

function checkNumber(name: string, value: unknown, max: number): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return
  throw invalidArgument(name, `a number from 0 to ${max}`, value)
}

function duration(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise
  // `null` is not allowed: a value that is stale for ever would be the same as one that never expires.
  if (value === null)
    throw invalidArgument(name, "seconds as a number, or a string such as '30s' or '5m'", value)
  return toMilliseconds(value, name)
}

/** A refresh uses no cached value, so none counts as a hit. */
function acceptsNothing(): boolean {
  return false
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalidArgument(name, 'true or false', value)
}

function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  if (!isAbortSignal(signal)) throw invalidArgument('signal', 'an AbortSignal', signal)
  if (signal.aborted) throw signal.reason
}
