import { invalidArgument } from './argument-errors.js'
import { type Ttl, toGraceMilliseconds } from './duration.js'
import { assertKnownFields } from './known-fields.js'
import type { CacheTier } from './monitor.js'
import { toMemoryTtlMs } from './set-options.js'
import { ignoreRejection } from './timers.js'

/** The origin of a value: a tier of the cache, or the loader of this call or of the call that it joined. */
export type EntrySource = CacheTier | 'loader'

/** A value together with what the cache knows about it. */
export interface CacheEntry<T = unknown> {
  readonly value: T
  /** The tier that held the value; `'loader'` for a value that was loaded during the call. */
  readonly source: EntrySource
  /**
   * Seconds from the lookup until the TTL ends: negative for a stale value, `null` for one that never
   * expires, `undefined` for a loaded value and where the cache does not know.
   */
  readonly ttl: number | null | undefined
  /** Whether the TTL has ended. Only calls that permit stale values return one. */
  readonly isStale: boolean
}

/**
 * The outcome of a lookup.
 *
 * - `'hit'`: a fresh value is cached.
 * - `'miss'`: no fresh value is cached.
 * - `'joined'`: no fresh value is cached, and the call waits for a load that another call has started.
 * - `'error'`: the backend did not respond, and no fresh value is in memory.
 */
export type LookupOutcome = 'hit' | 'miss' | 'joined' | 'error'

/** Options of a single read. */
export interface ReadOptions {
  /**
   * Returns whether a cached value may be used; any other value counts as a miss. It is not called for loaded
   * values, also when another process loads them during the call. Default: every cached value may be used.
   */
  readonly accept?: ((value: unknown) => boolean) | undefined
  /**
   * The time for which this process may serve a copy of the value from memory before it reads Redis again: 0
   * for no copy, `null` for as long as the value is fresh. A function returns the time for the value; if it
   * throws, there is no copy. Caches with one tier ignore this option. Default: the cache's `defaultTtl`.
   */
  readonly memoryTtl?: Ttl | ((value: unknown) => Ttl | undefined) | undefined
  /**
   * Called once with the outcome of the lookup, before a load starts. Errors that it throws are ignored.
   */
  readonly onLookup?: ((outcome: LookupOutcome) => void) | undefined
}

/** Options of {@link CacheInterface.getEntry}. */
export interface GetEntryOptions extends ReadOptions {
  /** The time after its TTL during which a value may still be returned. Default: 0. */
  readonly maxStale?: Exclude<Ttl, null> | undefined
}

/**
 * The time for which a copy of a value may stay in memory, in milliseconds, or a function that returns it for
 * the value. `undefined` for the default of the cache.
 */
export type MemoryTtl = number | ((value: unknown) => number | undefined) | undefined

/** {@link ReadOptions}, checked and in milliseconds. */
export interface ReadPlan {
  readonly accept: ((value: unknown) => boolean) | undefined
  readonly memoryTtl: MemoryTtl
  readonly onLookup: ((outcome: LookupOutcome) => void) | undefined
}

/** {@link GetEntryOptions}, checked and in milliseconds. */
export interface GetEntryPlan extends ReadPlan {
  readonly maxStaleMs: number
}

const FIELDS: ReadonlySet<string> = new Set<keyof GetEntryOptions>([
  'accept',
  'memoryTtl',
  'onLookup',
  'maxStale',
])

const WITHOUT_OPTIONS: GetEntryPlan = Object.freeze({
  accept: undefined,
  memoryTtl: undefined,
  onLookup: undefined,
  maxStaleMs: 0,
})

/**
 * Checks the options of {@link CacheInterface.getEntry}.
 *
 * @throws ValidationError (`INVALID_TTL`; `INVALID_ARGUMENT` for an unknown field or a wrong type)
 */
export function planGetEntry(options: GetEntryOptions | undefined): GetEntryPlan {
  if (options === undefined) return WITHOUT_OPTIONS
  assertKnownFields(options, FIELDS, 'options')
  const { maxStale } = options
  // Not `null`, because a value that is stale forever would look like one that never expires.
  const { accept, memoryTtl, onLookup } = planRead(options)
  const maxStaleMs = maxStale === undefined ? 0 : toGraceMilliseconds(maxStale, 'maxStale')
  return { accept, memoryTtl, onLookup, maxStaleMs }
}

/** @throws ValidationError (`INVALID_TTL`, `INVALID_ARGUMENT`) */
export function planRead({ accept, memoryTtl, onLookup }: ReadOptions): ReadPlan {
  assertFunction('accept', accept)
  assertFunction('onLookup', onLookup)
  return { accept, memoryTtl: planMemoryTtl(memoryTtl), onLookup }
}

function planMemoryTtl(memoryTtl: ReadOptions['memoryTtl']): MemoryTtl {
  if (typeof memoryTtl !== 'function') return toMemoryTtlMs(memoryTtl)
  return (value) => {
    try {
      return toMemoryTtlMs(memoryTtl(value))
    } catch {
      return 0
    }
  }
}

/** Returns the time for which a copy of this value may stay in memory, in milliseconds. */
export function memoryTtlOf(memoryTtl: MemoryTtl, value: unknown): number | undefined {
  return typeof memoryTtl === 'function' ? memoryTtl(value) : memoryTtl
}

function assertFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw invalidArgument(name, 'a function', value)
}

/** Returns whether a cached value may be used. A promise counts as false: `accept` must not be async. */
export function isAccepted({ accept }: Pick<ReadPlan, 'accept'>, value: unknown): boolean {
  if (accept === undefined) return true
  const answer: unknown = accept(value)
  ignoreRejection(answer)
  return answer === true
}

/** Notifies the caller of the outcome of its lookup. */
export function notifyLookup({ onLookup }: ReadPlan, outcome: LookupOutcome): void {
  try {
    ignoreRejection(onLookup?.(outcome))
  } catch {
    // An observer of a call must not fail it.
  }
}
