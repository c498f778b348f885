import { invalidArgument } from '../argument-errors.js'
import { memoryTtlOf } from '../cache-entry.js'
import type { Clock } from '../clock.js'
import { CacheError } from '../errors.js'
import type { StorePlan } from '../set-options.js'
import { BackOff } from './back-off.js'
import type { LoadPlan } from './get-or-set-options.js'
import { LoadContext, type Loader } from './loader.js'
import { emptyLookup, type LookupResult } from './lookup-result.js'
import { RunningLoader } from './running-loader.js'
import { type Flight, SingleFlight } from './single-flight.js'
import { shortenTtl, ttlMsOf } from './ttl-of-load.js'
import { TIMED_OUT, waitFor } from './wait.js'

/** Protects loaded values against changes by their callers. */
export interface LoadIsolator {
  /**
   * Returns the protected form of a value, which all callers of a load share.
   *
   * @throws SerializationError (`NOT_CLONEABLE`) for a value that cannot be copied
   */
  admit(value: unknown): unknown
  /** Returns the value for one of the callers. */
  release(admitted: unknown): unknown
}

/** The cache of a {@link ReadThrough}. */
export interface LoadingCache {
  readonly clock: Clock
  readonly defaultTtlMs: number
  readonly beforeLoad: <T>(flight: Flight<T>) => Promise<LookupResult<T> | undefined> | undefined
  readonly fill: (flight: Flight, value: unknown, plan: StorePlan) => Promise<void>
  /** Called when a stale value was served. */
  readonly staleServed: (key: string) => void
  /** Called when a loaded value was not stored. Its callers have it. */
  readonly notStored: (key: string, error: CacheError) => void
  /** `undefined` when callers get the loaded value itself. */
  readonly isolator: LoadIsolator | undefined
  /** Called when a load failed and at least one of its callers does not get the error. */
  readonly refreshFailed: (key: string, error: unknown) => void
}

/** The origin of the value that {@link ReadThrough.read} returns: `'loader'` until it is known. */
export interface Origin {
  current: 'fresh' | 'stale' | 'loader'
}

/** A loaded value without a protected form. Its callers get the value itself. */
class Unprotected {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * The state machine behind every `getOrSet`. It decides by the value that the cache holds:
 *
 * | value | what happens |
 * | --- | --- |
 * | fresh | it is served; sometimes a new one is loaded in the background (`earlyRefresh`) |
 * | stale, within `staleWhileRevalidate` | it is served; a new one is loaded in the background |
 * | stale, within `staleIfError` | a new one is loaded; the stale one is served if that fails or times out |
 * | older, or none | a new one is loaded |
 *
 * All callers of a load share one flight. Each caller has its own `timeout` and `signal`. The value of a
 * fenced flight is never stored, and no stale value is served for its key.
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
   * Returns the value that the cache holds, if the plan permits it, or the result of the loader.
   *
   * @param origin - changed when the returned value was in the cache
   */
  async read<T>(
    key: string,
    loader: Loader<T>,
    plan: LoadPlan<T>,
    lookup: LookupResult<T> | undefined,
    origin?: Origin,
  ): Promise<T> {
    // The signal may have been aborted during the lookup.
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

  /** Starts a load for the option `refresh`, or joins one that was started by the same option. */
  #refreshed<T>(key: string, start: () => Flight<T>, { onMiss }: LookupResult<T>): Flight<T> {
    const inFlight = this.flights.inFlight<T>(key, this.#cache.clock.now())
    if (RunningLoader.current !== undefined)
      inFlight?.runningLoader.assertNoCycle(RunningLoader.current)
    const isAsNew = inFlight?.isRefresh === true
    onMiss?.(isAsNew)
    if (isAsNew) return inFlight
    // The callers of the older load still get its value, but it must not replace the value of this load.
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
      // A caller that no longer waits gets no value.
      if (plan.signal?.aborted || !this.#mayServe(flight, servedUntil)) throw error
      this.#reportFailure(flight, error)
      return this.#serveStale(key, value, origin)
    }
    if (!this.#mayServe(flight, servedUntil)) {
      return this.#answer(flight, plan, plan.hardTimeoutMs - patienceMs)
    }
    // From here on the load runs in the background.
    flight.isBackground = true
    return this.#serveStale(key, value, origin)
  }

  #isDue(freshMs: number, loadMs: number, { earlyRefresh }: LoadPlan<never>): boolean {
    return earlyRefresh > 0 && isDueForRefresh(freshMs, loadMs, earlyRefresh, this.#random())
  }

  /** Returns whether a stale value may be served: its key has not changed, and its time has not ended. */
  #mayServe(flight: Flight, servedUntil: number): boolean {
    return !flight.fenced && this.#cache.clock.now() <= servedUntil
  }

  #serveStale<T>(key: string, value: T, origin: Origin | undefined): T {
    this.#cache.staleServed(key)
    if (origin !== undefined) origin.current = 'stale'
    return value
  }

  /** Reports a failed load once. An abandoned load is not a failure. */
  #reportFailure(flight: Flight, error: unknown): void {
    if (flight.isFailureReported || flight.signal.aborted) return
    flight.isFailureReported = true
    this.#cache.refreshFailed(flight.key, error)
  }

  /** Loads in the background, unless a load of the key runs or has just failed. */
  #refresh(key: string, revision: string | undefined, start: () => Flight): void {
    const inFlight = this.#joinable(key, revision)
    if (inFlight !== undefined) inFlight.isBackground = true
    else if (!this.#backOff.isPaused(key, this.#cache.clock.now())) start().isBackground = true
  }

  #answer<T>(flight: Flight<T>, plan: LoadPlan<T>, timeoutMs: number): Promise<T> {
    if (timeoutMs === NEVER && plan.signal === undefined) {
      // This caller waits until the load ends, so there is nothing to do when it leaves.
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
    // Also before its `overdueAt`, because timers fire slightly early and callers have different timeouts.
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
   * Returns the load that a caller joins, if there is one.
   *
   * @throws CacheError (`LOAD_CYCLE`) when that load waits for the caller, even if the caller would not join
   * it: where processes share keys, the load of the caller would wait for the lease of the other load
   */
  #join<T>(key: string, revision: string | undefined): Flight<T> | undefined {
    const caller = RunningLoader.current
    if (caller !== undefined)
      this.flights.inFlight(key, this.#cache.clock.now())?.runningLoader.assertNoCycle(caller)
    return this.#joinable<T>(key, revision)
  }

  /** Returns the load of this key, unless the key has changed since it began. */
  #joinable<T>(key: string, revision: string | undefined): Flight<T> | undefined {
    const flight = this.flights.inFlight<T>(key, this.#cache.clock.now())
    // A caller that does not know the revision joins any load.
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
        // Not in a separate function, because one more promise would delay every load by a turn.
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
        // The callers get the value even if it cannot be stored or copied, because the load has succeeded.
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
        // An abandoned load does not show that its source has failed.
        const isFailure = !flight.signal.aborted
        if (isFailure && mayServeStale(plan)) this.#backOff.failed(key, this.#cache.clock.now())
        throw error
      }
    }
    const flight = this.flights.start(key, run, {
      tags: plan.tags,
      overdueAt,
      expectedRevision: revision,
      memoryTtl: plan.memoryTtl,
      isRefresh: plan.refresh,
      shouldStore: !plan.noStore,
    })
    flight.result.catch((error: unknown) => {
      if (flight.waiting === 0) this.#reportFailure(flight, error)
    })
    return flight
  }

  /** Returns whether the TTL function decided it, which is not a failure. */
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
    const fullTtlMs = ttlMsOf(value, plan.ttl, this.#cache.defaultTtlMs)
    this.flights.fenceOlder(flight)
    const storePlan: StorePlan = {
      ttlMs: shortenTtl(fullTtlMs, plan.jitter * this.#random()),
      graceMs: Math.max(plan.staleWhileRevalidateMs, plan.staleIfErrorMs),
      // Only early refresh needs the duration, and caches would have to store it.
      loadMs: plan.earlyRefresh > 0 ? loadMs : 0,
      tags: plan.tags,
      memoryTtlMs: memoryTtlOf(plan.memoryTtl, value),
    }
    await this.#cache.fill(flight, value, storePlan)
  }
}

function reasonNotToStore(error: unknown): CacheError {
  if (error instanceof CacheError) return error
  return new CacheError('storing the value failed', { code: 'STORE_FAILED', cause: error })
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

/**
 * Decides at a hit whether to load the value before it expires, so that of many processes one loads it in
 * time and the others never find an expired value.
 *
 * The chance rises as the end comes near, and earlier for values with long loads. This is XFetch, from
 * Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
 *
 * @param leftMs - the remaining part of the TTL
 * @param loadMs - the duration of the load of this value
 * @param eagerness - the beta of the paper; 1 is its optimum, and a larger number refreshes earlier
 * @param random - from 0 up to, not including, 1
 */
export function isDueForRefresh(
  leftMs: number,
  loadMs: number,
  eagerness: number,
  random: number,
): boolean {
  // 1 - random, because the logarithm of 0 would make a value due that never expires.
  return -loadMs * eagerness * Math.log(1 - random) >= leftMs
}
