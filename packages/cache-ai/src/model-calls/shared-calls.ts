import type { CacheInterface } from '@verbatim/cache-core'
import type { Found } from './answer-store.js'
import type { CachedCall } from './call-control.js'
import type { CallReport } from './call-status.js'
import { type Flight, Flights } from './flights.js'
import type { ResolvedModelCacheOptions } from './model-cache-options.js'
import type { Decision, ModelCalls } from './model-calls.js'
import type { Surface } from './request-key.js'

/** Largest stream that callers share and that is stored, in bytes or UTF-16 units. */
export const MAX_STREAM_UNITS: number = 16 * 2 ** 20

/** The start of a call of the model. */
export interface CallStart<Log, Outcome> {
  /** The form of the call. Callers share only calls of the same form. */
  readonly form: string
  readonly start: (planned: CachedCall) => Flight<Log, Outcome>
}

/** The part of serving a call that differs between adapters. */
export interface CallSteps<Answer, Log, Outcome> extends CallStart<Log, Outcome> {
  readonly signal: AbortSignal | undefined
  /** Returns whether a stored answer can be served in this form. */
  readonly isReadable: (answer: Answer) => boolean
  /** The call that replaces a stale answer. */
  readonly renewal: CallStart<Log, Outcome>
}

/** A stored answer. */
export interface StoredAnswer<Answer> {
  readonly answer: Answer
  readonly report: CallReport
}

/** The running call that a caller waits for. */
export interface JoinedCall<Log, Outcome> {
  readonly flight: Flight<Log, Outcome>
  readonly report: CallReport
  /** Removes the caller. */
  readonly leave: () => void
}

/** Serves calls from the cache, from identical calls that are running, or by the model. */
export class SharedCalls<Answer, Log, Outcome> {
  readonly #calls: ModelCalls<Answer>
  readonly #options: Pick<ResolvedModelCacheOptions, 'whenAbandoned'>
  readonly #flights: Flights<Log, Outcome>

  constructor(calls: ModelCalls<Answer>, options: ResolvedModelCacheOptions, surface: Surface) {
    this.#calls = calls
    this.#options = options
    this.#flights = sharedFlights(options.cache, surface)
  }

  /** Returns a stored answer, or the running call that this call waits for. */
  async serve(
    planned: CachedCall,
    steps: CallSteps<Answer, Log, Outcome>,
  ): Promise<StoredAnswer<Answer> | JoinedCall<Log, Outcome>> {
    const found = await this.lookUp(planned, steps)
    return 'answer' in found ? found : this.join(planned, found, steps)
  }

  /** Returns a stored answer unless an identical call is running. */
  async lookUp(
    planned: CachedCall,
    { form, signal, isReadable, renewal }: CallSteps<Answer, Log, Outcome>,
  ): Promise<StoredAnswer<Answer> | Exclude<Found<Answer>, { readonly answer: Answer }>> {
    let found: Found<Answer> = { state: 'absent' }
    if (this.#running(planned, form) === undefined) {
      const { ended } = this.#flights
      found = await this.#calls.find(planned, isReadable)
      // A call that ended during the lookup has stored its answer after the lookup began.
      if (found.state === 'absent' && ended !== this.#flights.ended)
        found = await this.#calls.find(planned, isReadable)
    }
    signal?.throwIfAborted()
    if (!('answer' in found)) return found
    const status = found.state === 'stale' ? 'STALE' : 'HIT'
    if (status === 'STALE') this.#renew(planned, renewal)
    const ageMs = Math.round(found.ageMs)
    return { answer: found.answer, report: this.#counted({ status, key: keyOf(planned), ageMs }) }
  }

  /** Joins the identical call that is running, or starts a call. */
  join(
    planned: CachedCall,
    { state }: Pick<Found<Answer>, 'state'>,
    { form, start }: CallStart<Log, Outcome>,
  ): JoinedCall<Log, Outcome> {
    const running = this.#running(planned, form)
    const flight = running ?? start(planned)
    flight.addStoring(planned)
    const leave = flight.enter()
    const report = startReport(planned, state, running !== undefined)
    return { flight, report: this.#counted(report), leave }
  }

  /** Starts a call that others can join until it is over. */
  start(
    planned: CachedCall,
    form: string,
    log: Log,
    call: (flight: Flight<Log, Outcome>) => Promise<Outcome>,
  ): Flight<Log, Outcome> {
    const { whenAbandoned } = this.#options
    return this.#flights.start(flightId(planned, form), log, whenAbandoned, call)
  }

  /** Stores the answer of a call, or counts why it is not stored, if a caller of the call wants to store it. */
  async commit(
    { storing }: Flight<Log, Outcome>,
    decide: () => Decision<Answer>,
    startedAt: number,
  ): Promise<void> {
    if (storing === undefined) return
    await this.#calls.commit(storing, decide, this.#calls.clock.now() - startedAt)
  }

  /** Counts the answer of a call that has failed, or that all its callers have left. */
  countFailure({ signal }: Flight<Log, Outcome>): void {
    this.#calls.counters.countRefusal(signal.aborted ? 'incomplete' : 'error')
  }

  #renew({ key, plan }: CachedCall, { form, start }: CallStart<Log, Outcome>): void {
    const refresh: CachedCall = { key, plan: { ...plan, refresh: true } }
    if (this.#running(refresh, form) !== undefined) return
    const flight = start(refresh)
    flight.addStoring(refresh)
    flight.enter()
  }

  #running(planned: CachedCall, form: string): Flight<Log, Outcome> | undefined {
    return this.#flights.get(flightId(planned, form))
  }

  #counted(report: CallReport): CallReport {
    this.#calls.counters.count(report)
    return report
  }
}

function startReport(
  planned: CachedCall,
  state: Found<unknown>['state'],
  isJoined: boolean,
): CallReport {
  const key = keyOf(planned)
  if (isJoined) return { status: 'COALESCED', key }
  if (state === 'unavailable') return { status: 'BYPASS', reason: 'store_unavailable', key }
  return { status: planned.plan.refresh ? 'REFRESH' : 'MISS', key }
}

function keyOf({ key }: CachedCall): string {
  return key.digest
}

/** Calls that want a new answer do not join a call that began before they wanted it. */
function flightId({ key, plan }: CachedCall, form: string): string {
  return `${form}:${plan.refresh ? 'refresh' : 'call'}:${key.key}`
}

const flightsOf = new WeakMap<CacheInterface, Map<string, unknown>>()

/** Returns the running calls of a cache on one surface. All adapters of a cache share them. */
function sharedFlights<Log, Outcome>(
  cache: CacheInterface,
  surface: Surface,
): Flights<Log, Outcome> {
  const bySurface = flightsOf.get(cache) ?? new Map<string, unknown>()
  flightsOf.set(cache, bySurface)
  const known = bySurface.get(surface) as Flights<Log, Outcome> | undefined
  const flights = known ?? new Flights<Log, Outcome>()
  bySurface.set(surface, flights)
  return flights
}
