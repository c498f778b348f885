import { invalidArgument } from '../argument-errors.js'
import { memoryTtlOf } from '../cache-entry.js'
import type { Clock } from '../clock.js'
import { type Ttl, toMilliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import type { StorePlan } from '../set-options.js'
import { ignoreRejection, isPromiseLike } from '../timers.js'
import { BackOff } from './back-off.js'
import { isDueForRefresh } from './early-refresh.js'
import type { LoadPlan } from './get-or-set-options.js'
import { LoadContext, type Loader } from './loader.js'
import { emptyLookup, type LookupResult } from './lookup-result.js'
import { RunningLoader } from './running-loader.js'
import { type Flight, SingleFlight } from './single-flight.js'
import { TIMED_OUT, waitFor } from './wait.js'

/** Protects loaded values against changes by those who hold them. */
export interface LoadIsolator {
  /**
   * Returns the form of a value that the callers of one load have in common.
   *
   * @throws SerializationError (`NOT_CLONEABLE`) for a value that cannot be copied
   */
  admit(value: unknown): unknown
  /** Returns the value for one of the callers. */
  release(admitted: unknown): unknown
}

/** What loading asks of the cache that it is done for. */
export interface LoadingCache {
  readonly clock: Clock
  readonly defaultTtlMs: number
  readonly beforeLoad: <T>(flight: Flight<T>) => Promise<LookupResult<T> | undefined> | undefined
  readonly fill: (flight: Flight, value: unknown, plan: StorePlan) => Promise<void>
  /** A value was served whose life is over. */
  readonly staleServed: (key: string) => void
  /** A loaded value was not stored. Its callers have it. */
  readonly notStored: (key: string, error: CacheError) => void
  /** `undefined` where callers get the loaded value itself. */
  readonly isolator: LoadIsolator | undefined
  /** A load failed, and not everybody who asked for it will see the error. */
  readonly refreshFailed: (key: string, error: unknown) => void
}

/** Where the value that {@link ReadThrough.read} returns comes from: `'loader'` until it is known. */
export interface Origin {
  current: 'fresh' | 'stale' | 'loader'
}

/** A loaded value of which there is no protected form. Its callers get the value itself. */
class Unprotected {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * The one state machine behind every `getOrSet`: what is done with what the cache holds.
 *
 * | held | what happens |
 * | --- | --- |
 * | fresh | served; now and then loaded anew in the background (`earlyRefresh`) |
 * | stale, within `staleWhileRevalidate` | served; loaded anew in the background |
 * | stale, within `staleIfError` | loaded; served if that fails or takes too long |
 * | older, or nothing | loaded |
 *
 * A load is one flight however many wait for it. Each of them has its own patience (`timeout`,
 * `signal`); a flight that was fenced is never stored, and nothing stale is served over it.
 */
export class ReadThrough {
  readonly flights: SingleFlight = new SingleFlight()
  readonly #cache: LoadingCache
  readonly #random: () => number
  readonly #backOff = new BackOff()

  /** @param random - from 0 up to, not including, 1 */
  constructor(cache: LoadingCache, random: () => number = Math.random) {
    this.#cache = cache
    this.#random = random
  }

  /**
   * Returns what the cache holds, if the plan permits, or else what the loader returns.
   *
   * @param origin - is chosen when the returned value was in the cache
   */
  async read<T>(
    key: string,
    loader: Loader<T>,
    plan: LoadPlan<T>,
    lookup: LookupResult<T> | undefined,
    origin?: Origin,
  ): Promise<T> {
    // The signal may have been aborted while the cache was looked into.
    if (plan.signal?.aborted) {
      lookup?.onNotLoaded?.()
      throw plan.signal.reason
    }
    const found = lookup ?? emptyLookup<T>(undefined)
    const { value, freshMs, loadMs, revision, onMiss } = found
    const start = (): Flight<T> => this.#start(key, loader, plan, revision)
    if (plan.refresh)
      return this.#answer(this.#refreshed(key, start, found), plan, plan.hardTimeoutMs)
    if (freshMs >= 0) {
      if (this.#isDue(freshMs, loadMs, plan)) this.#refresh(key, revision, start)
      if (origin !== undefined) origin.current = 'fresh'
      return value
    }
    if (-freshMs <= plan.staleWhileRevalidateMs) {
      onMiss?.(false)
      this.#refresh(key, revision, start)
      return this.#serveStale(key, value, origin)
    }
    if (-freshMs <= plan.staleIfErrorMs) return this.#loadOrServe(key, start, plan, found, origin)
    return this.#answer(this.#joinOrStart(key, start, plan, found), plan, plan.hardTimeoutMs)
  }

  /** Starts a load of its own: only what was asked for in the same way is as new. */
  #refreshed<T>(key: string, start: () => Flight<T>, { onMiss }: LookupResult<T>): Flight<T> {
    const inFlight = this.flights.inFlight<T>(key, this.#cache.clock.now())
    if (RunningLoader.current !== undefined)
      inFlight?.runningLoader.assertNoCycle(RunningLoader.current)
    const isAsNew = inFlight?.isRefresh === true
    onMiss?.(isAsNew)
    if (isAsNew) return inFlight
    // The older load still reaches its callers, but must not be stored over this one.
    this.flights.fence(key)
    return start()
  }

  #joinOrStart<T>(
    key: string,
    start: () => Flight<T>,
    { noStore }: LoadPlan<T>,
    { revision, onMiss }: LookupResult<T>,
  ): Flight<T> {
    const inFlight = this.#join<T>(key, revision)
    onMiss?.(inFlight !== undefined)
    if (inFlight === undefined) return start()
    if (!noStore) inFlight.shouldStore = true
    return inFlight
  }

  async #loadOrServe<T>(
    key: string,
    start: () => Flight<T>,
    plan: LoadPlan<T>,
    found: LookupResult<T>,
    origin: Origin | undefined,
  ): Promise<T> {
    const { value, freshMs, onMiss } = found
    const now = this.#cache.clock.now()
    if (this.#backOff.isPaused(key, now)) {
      onMiss?.(false)
      return this.#serveStale(key, value, origin)
    }
    const servedUntil = now + freshMs + plan.staleIfErrorMs
    const flight = this.#joinOrStart(key, start, plan, found)
    const patienceMs = Math.min(plan.softTimeoutMs, plan.hardTimeoutMs)
    try {
      const answer = await this.#wait(flight, plan, patienceMs)
      if (answer !== TIMED_OUT) return answer
    } catch (error) {
      // Who no longer waits is not served at all.
      if (plan.signal?.aborted || !this.#mayServe(flight, servedUntil)) throw error
      this.#reportFailure(flight, error)
      return this.#serveStale(key, value, origin)
    }
    if (!this.#mayServe(flight, servedUntil)) {
      return this.#answer(flight, plan, plan.hardTimeoutMs - patienceMs)
    }
    // From now on it is loaded in the background.
    flight.isBackground = true
    return this.#serveStale(key, value, origin)
  }

  #isDue(freshMs: number, loadMs: number, { earlyRefresh }: LoadPlan<never>): boolean {
    return earlyRefresh > 0 && isDueForRefresh(freshMs, loadMs, earlyRefresh, this.#random())
  }

  /** A deleted value is not served again, nor one whose time ended during the load. */
  #mayServe(flight: Flight, servedUntil: number): boolean {
    return !flight.fenced && this.#cache.clock.now() <= servedUntil
  }

  #serveStale<T>(key: string, value: T, origin: Origin | undefined): T {
    this.#cache.staleServed(key)
    if (origin !== undefined) origin.current = 'stale'
    return value
  }

  /** Tells once of a load that failed; one that was given up is no failure. */
  #reportFailure(flight: Flight, error: unknown): void {
    if (flight.isFailureReported || flight.signal.aborted) return
    flight.isFailureReported = true
    this.#cache.refreshFailed(flight.key, error)
  }

  /** Loads in the background, unless that is under way or has just failed. */
  #refresh(key: string, revision: string | undefined, start: () => Flight): void {
    const inFlight = this.#joinable(key, revision)
    if (inFlight !== undefined) inFlight.isBackground = true
    else if (!this.#backOff.isPaused(key, this.#cache.clock.now())) start().isBackground = true
  }

  #answer<T>(flight: Flight<T>, plan: LoadPlan<T>, timeoutMs: number): Promise<T> {
    if (timeoutMs === NEVER && plan.signal === undefined) {
      // Never leaves before the end, so nothing has to be done when it does.
      const waiter = RunningLoader.current
      if (waiter !== undefined) flight.runningLoader.addWaiter(waiter)
      flight.waiting++
      const { isolator } = this.#cache
      if (isolator === undefined) return flight.result
      return flight.result.then((shared) => this.#release(shared))
    }
    return this.#answerIn(timeoutMs, flight, plan)
  }

  async #answerIn<T>(timeoutMs: number, flight: Flight<T>, plan: LoadPlan<T>): Promise<T> {
    const answer = await this.#wait(flight, plan, timeoutMs)
    if (answer !== TIMED_OUT) return answer
    // Whatever its `overdueAt`: timers run a little ahead of the clock, and patience differs.
    this.flights.retire(flight)
    throw new CacheError(`the load took longer than timeout.hard, ${plan.hardTimeoutMs} ms`, {
      code: 'LOAD_TIMEOUT',
      context: { timeoutMs: plan.hardTimeoutMs },
    })
  }

  async #wait<T>(
    flight: Flight<T>,
    { signal }: LoadPlan<T>,
    timeoutMs: number,
  ): Promise<T | typeof TIMED_OUT> {
    const waiter = RunningLoader.current
    if (waiter !== undefined) flight.runningLoader.addWaiter(waiter)
    flight.waiting++
    try {
      const answer = await waitFor(flight, timeoutMs, signal)
      if (answer !== TIMED_OUT) return this.#release(answer)
      flight.outlivesCallers = true
      return TIMED_OUT
    } finally {
      flight.waiting--
      if (waiter !== undefined) flight.runningLoader.removeWaiter(waiter)
      const isUnwanted = !flight.isWanted && !flight.outlivesCallers
      if (isUnwanted && signal?.aborted) this.flights.abandon(flight)
    }
  }

  /**
   * The load under way that a caller joins, if there is one.
   *
   * @throws CacheError (`LOAD_CYCLE`) when that load waits for the caller, also where the caller would
   * not join it: where processes share keys, its own load would wait for the lease of the other
   */
  #join<T>(key: string, revision: string | undefined): Flight<T> | undefined {
    const caller = RunningLoader.current
    if (caller !== undefined)
      this.flights.inFlight(key, this.#cache.clock.now())?.runningLoader.assertNoCycle(caller)
    return this.#joinable<T>(key, revision)
  }

  /** The load under way for this key, unless the key has changed since it began. */
  #joinable<T>(key: string, revision: string | undefined): Flight<T> | undefined {
    const flight = this.flights.inFlight<T>(key, this.#cache.clock.now())
    // Who could not see the key's state has nothing to hold against it.
    return revision === undefined || flight?.expectedRevision === revision ? flight : undefined
  }

  #start<T>(
    key: string,
    loader: Loader<T>,
    plan: LoadPlan<T>,
    revision: string | undefined,
  ): Flight<T> {
    const overdueAt = this.#cache.clock.now() + plan.hardTimeoutMs
    const run = async (flight: Flight<T>): Promise<T> => {
      try {
        const turn = this.#cache.beforeLoad(flight)
        const found = turn && (await turn)
        if (found !== undefined && found.freshMs >= 0) return this.#admit(found.value)
        const context = new LoadContext(flight)
        const startedAt = this.#cache.clock.now()
        let value: T
        // No function of its own: one more promise would make every load a turn longer.
        try {
          value = await flight.runningLoader.run(() => loader(context))
        } finally {
          flight.runningLoader.end()
        }
        if (!context.skipped) assertLoaded(value)
        const loadMs = this.#cache.clock.now() - startedAt
        const isWanted = flight.shouldStore && !flight.fenced && !context.skipped
        if (context.refusal !== undefined && flight.shouldStore)
          this.#reportNotStored(key, context.refusal)
        let shared: T | Unprotected = new Unprotected(value)
        let isStored = true
        // The callers have paid for the value: they get it even if it cannot be stored or copied. This
        // is not a function of its own, because awaiting one takes a turn.
        try {
          shared = this.#admit(value)
          if (isWanted) await this.#store(flight, this.#release(shared), plan, loadMs)
        } catch (error) {
          if (isWanted) isStored = this.#reportNotStored(key, error)
        }
        if (isStored) this.#backOff.succeeded(key)
        else if (mayServeStale(plan)) this.#backOff.failed(key, this.#cache.clock.now())
        return shared as T
      } catch (error) {
        // A load that was given up says nothing about its source.
        const isFailure = !flight.signal.aborted
        if (isFailure && mayServeStale(plan)) this.#backOff.failed(key, this.#cache.clock.now())
        throw error
      }
    }
    const flight = this.flights.start(key, run, {
      ...{ tags: plan.tags, overdueAt, expectedRevision: revision, memoryTtl: plan.memoryTtl },
      isRefresh: plan.refresh,
      shouldStore: !plan.noStore,
    })
    flight.result.catch((error: unknown) => {
      if (flight.waiting === 0) this.#reportFailure(flight, error)
    })
    return flight
  }

  /** Returns whether the value itself asked for it, so that the next load may do better. */
  #reportNotStored(key: string, error: unknown): boolean {
    const reason = reasonNotToStore(error)
    this.#cache.notStored(key, reason)
    return reason.code === 'TTL_ZERO'
  }

  #admit<T>(value: T): T {
    const { isolator } = this.#cache
    return isolator === undefined ? value : (isolator.admit(value) as T)
  }

  #release<T>(shared: T | Unprotected): T {
    if (shared instanceof Unprotected) return shared.value as T
    const { isolator } = this.#cache
    return isolator === undefined ? shared : (isolator.release(shared) as T)
  }

  async #store<T>(flight: Flight, value: T, plan: LoadPlan<T>, loadMs: number): Promise<void> {
    const fullTtlMs = this.#ttlMsOf(value, plan.ttl)
    this.flights.fenceOlder(flight)
    const storePlan: StorePlan = {
      ttlMs: shorten(fullTtlMs, plan.jitter * this.#random()),
      graceMs: Math.max(plan.staleWhileRevalidateMs, plan.staleIfErrorMs),
      // Only early refresh asks for it, and caches would have to find room for it.
      loadMs: plan.earlyRefresh > 0 ? loadMs : 0,
      tags: plan.tags,
      memoryTtlMs: memoryTtlOf(plan.memoryTtl, value),
    }
    await this.#cache.fill(flight, value, storePlan)
  }

  /** @throws CacheError when the value's own TTL does not let it be stored */
  #ttlMsOf<T>(value: T, ttl: LoadPlan<T>['ttl']): number {
    const chosen = typeof ttl === 'function' ? ttlOf(value, ttl) : ttl
    return chosen === undefined ? this.#cache.defaultTtlMs : toMilliseconds(chosen)
  }
}

/** @throws CacheError (`TTL_FAILED`, `TTL_ZERO`) when the function throws or returns a promise, or 0 for "do not store" */
function ttlOf<T>(value: T, choose: (value: T) => Ttl | undefined): Ttl | undefined {
  let ttl: Ttl | undefined
  try {
    ttl = choose(value)
  } catch (error) {
    throw new CacheError('the ttl function threw an error', { code: 'TTL_FAILED', cause: error })
  }
  if (isPromiseLike(ttl)) {
    ignoreRejection(ttl)
    throw new CacheError('ttl must not return a promise', { code: 'TTL_FAILED' })
  }
  if (ttl !== 0) return ttl
  throw new CacheError('the ttl function returned 0: the value is not to be stored', {
    code: 'TTL_ZERO',
  })
}

function reasonNotToStore(error: unknown): CacheError {
  if (error instanceof CacheError) return error
  return new CacheError('storing the value failed', { code: 'STORE_FAILED', cause: error })
}

function shorten(ttlMs: number, part: number): number {
  // Up: never below what jitter permits, nor 0.
  return Math.ceil(ttlMs * (1 - part))
}

function mayServeStale({
  staleWhileRevalidateMs,
  staleIfErrorMs,
  earlyRefresh,
}: LoadPlan<never>): boolean {
  return staleWhileRevalidateMs > 0 || staleIfErrorMs > 0 || earlyRefresh > 0
}

function assertLoaded(value: unknown): void {
  if (value !== undefined) return
  const rule = 'a value other than undefined, unless the loader calls skip'
  throw invalidArgument('the result of the loader', rule, value, {
    code: 'INVALID_VALUE',
    context: { argument: 'loader' },
  })
}
