import { isAbortSignal } from '../abort-listeners.js'
import { invalidArgument } from '../argument-errors.js'
import { flagArgument } from '../arguments.js'
import { planRead, type ReadOptions, type ReadPlan } from '../cache-entry.js'
import { type Ttl, toFiniteMilliseconds, toGraceMilliseconds, toMilliseconds } from '../duration.js'
import { assertKnownFields } from '../known-fields.js'
import { assertTags } from '../tags.js'

/** Options of {@link CacheInterface.getOrSet}. */
export interface GetOrSetOptions<T = unknown> extends ReadOptions {
  /**
   * TTL of a loaded value, or a function that returns it for the value: `undefined` for the cache's
   * `defaultTtl`, 0 for "do not store". Default: the cache's `defaultTtl`.
   */
  readonly ttl?: Ttl | ((value: T) => Ttl | undefined) | undefined
  /** Tags by which `invalidateTags` removes the loaded value. Default: none. */
  readonly tags?: readonly string[] | undefined
  /**
   * Shortens each TTL by a random part, so that values that are stored together do not expire together.
   * The largest part, from 0 to 1: 0.1 means a TTL of 90 to 100 % of `ttl`. Default: 0.
   */
  readonly jitter?: number | undefined
  /**
   * The time after its TTL during which a value is served at once while a new one is loaded in the
   * background. Default: 0.
   */
  readonly staleWhileRevalidate?: Exclude<Ttl, null> | undefined
  /**
   * The time after its TTL during which a value is served when the load fails or takes longer than
   * `timeout`. After a failure no load starts for 1 s; the pause doubles up to 60 s. Default: 0.
   */
  readonly staleIfError?: Exclude<Ttl, null> | undefined
  /** Limits for the time that a caller waits for a load. Default: none. */
  readonly timeout?: LoadTimeout | undefined
  /**
   * Loads a value in the background before its TTL ends, with a chance that rises towards the end and with
   * the duration of its load. From 0 (off) to 100: 1 is a good choice, and a larger number refreshes
   * earlier. Default: 0.
   */
  readonly earlyRefresh?: number | undefined
  /** Ends the wait of this caller. Also ends the load when no other caller waits for it. */
  readonly signal?: AbortSignal | undefined
  /**
   * Whether to load although a fresh value is cached. The loaded value replaces it. The call rejects if the
   * load fails, also with `staleIfError`. Default: false.
   */
  readonly refresh?: boolean | undefined
  /**
   * Whether the loaded value stays out of the cache. Another caller of the same load may still store it.
   * Default: false.
   */
  readonly noStore?: boolean | undefined
}

/** The limits of the wait for a load. The load itself goes on, and its value is stored. */
export interface LoadTimeout {
  /** The time after which a value that `staleIfError` permits is served. Default: none. */
  readonly soft?: Exclude<Ttl, null> | undefined
  /** The time after which the call rejects with `LOAD_TIMEOUT`; later callers load again. Default: none. */
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
 * Checks the options of a call before the loader runs.
 *
 * @throws ValidationError that names the option, its rule and the type of the value
 * @throws the signal's reason when the signal is already aborted
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
  const refresh = flagArgument('refresh', options.refresh)
  const noStore = flagArgument('noStore', options.noStore)
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
    // A copy, because the caller may change its list during the load.
    tags: tags === undefined ? PLAIN.tags : [...tags],
    jitter,
    staleWhileRevalidateMs: gracePeriod('staleWhileRevalidate', options.staleWhileRevalidate),
    staleIfErrorMs: gracePeriod('staleIfError', options.staleIfError),
    softTimeoutMs: timeLimit('timeout.soft', timeout.soft),
    hardTimeoutMs: timeLimit('timeout.hard', timeout.hard),
    earlyRefresh,
    signal,
  }
}

function checkNumber(name: string, value: unknown, max: number): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return
  throw invalidArgument(name, `a number from 0 to ${max}`, value)
}

/** Refuses `null`, because a value that is stale forever would look like one that never expires. */
function gracePeriod(name: string, value: unknown): number {
  return value === undefined ? 0 : toGraceMilliseconds(value, name)
}

function timeLimit(name: string, value: unknown): number {
  return value === undefined ? NEVER : toFiniteMilliseconds(value, name)
}

/** Rejects every cached value: during a refresh, none counts as a hit. */
function acceptsNothing(): boolean {
  return false
}

function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  if (!isAbortSignal(signal)) throw invalidArgument('signal', 'an AbortSignal', signal)
  if (signal.aborted) throw signal.reason
}
