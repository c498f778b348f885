import type { CacheInterface } from '@verbatim/cache-core'
import type { Found } from './answer-store.js'
import type { CachedCall } from './call-control.js'
import type { CallReport } from './call-status.js'
import { type Beginning, type Flight, Flights, untilAborted } from './flights.js'
import type { ResolvedModelCacheOptions } from './model-cache-options.js'
import type { Decision, ModelCalls } from './model-calls.js'
import type { Surface } from './request-key.js'

/** Largest stream that callers share and that is stored, in bytes or UTF-16 units. */
export const MAX_STREAM_UNITS: number = 16 * 2 ** 20

/** The start of a call of the model. */
export interface CallStart<Answer, Log, Outcome> {
  /** The form of the call. Callers share only calls of the same form. */
  readonly form: string
  /** Returns whether a stored answer can be served in this form. */
  readonly isReadable: (answer: Answer) => boolean
  /** Returns where the call puts the parts that arrive. */
  readonly log: () => Log
  /** Asks the model, and commits its answer. */
  readonly ask: (flight: Flight<Answer, Log, Outcome>) => Promise<Outcome>
}

/** The part of serving a call that differs between adapters. */
export interface CallSteps<Answer, Log, Outcome> extends CallStart<Answer, Log, Outcome> {
  readonly signal: AbortSignal | undefined
  /** The call that replaces a stale answer. */
  readonly renewal: CallStart<Answer, Log, Outcome>
}

/** A stored answer. */
export interface StoredAnswer<Answer> {
  readonly answer: Answer
  readonly report: CallReport
}

/** The running call that a caller waits for. */
export interface JoinedCall<Answer, Log, Outcome> {
  readonly flight: Flight<Answer, Log, Outcome>
  readonly report: CallReport
  /** Removes the caller. */
  readonly leave: () => void
}

/**
 * Serves calls from the cache, from identical calls that are running, or by the model.
 *
 * Identical calls of one process share a flight, and its live stream. Of the flights in all processes, one asks
 * the model; the others wait for the answer that it stores.
 */
export class SharedCalls<Answer, Log, Outcome> {
  readonly #calls: ModelCalls<Answer>
  readonly #options: Pick<ResolvedModelCacheOptions, 'whenAbandoned'>
  readonly #flights: Flights<Answer, Log, Outcome>

  constructor(calls: ModelCalls<Answer>, options: ResolvedModelCacheOptions, surface: Surface) {
    this.#calls = calls
    this.#options = options
    this.#flights = sharedFlights(options.cache, surface)
  }

  /** Returns a stored answer, or the running call that this call waits for. */
  async serve(
    planned: CachedCall,
    steps: CallSteps<Answer, Log, Outcome>,
  ): Promise<StoredAnswer<Answer> | JoinedCall<Answer, Log, Outcome>> {
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
    this.#calls.saved(planned, found.answer, found.durationMs)
    const ageMs = Math.round(found.ageMs)
    return { answer: found.answer, report: this.#counted({ status, key: keyOf(planned), ageMs }) }
  }

  /** Joins the identical call that is running, or starts a call. */
  async join(
    planned: CachedCall,
    { state }: Pick<Found<Answer>, 'state'>,
    steps: CallSteps<Answer, Log, Outcome>,
  ): Promise<StoredAnswer<Answer> | JoinedCall<Answer, Log, Outcome>> {
    const running = this.#running(planned, steps.form)
    const flight = running ?? this.#start(planned, steps)
    flight.addStoring(planned)
    const leave = flight.enter()
    let beginning: Beginning<Answer>
    try {
      beginning = await untilAborted(flight.beginning, steps.signal)
    } catch (error) {
      leave()
      throw error
    }
    if ('answer' in beginning) {
      leave()
      this.#calls.saved(planned, beginning.answer, 0)
      const report = this.#counted({ status: 'COALESCED', key: keyOf(planned) })
      return { answer: beginning.answer, report }
    }
    const isUnavailable = state === 'unavailable' || beginning.claim === 'store_failed'
    if (running !== undefined) flight.joined.push(planned)
    const report = startReport(planned, isUnavailable, running !== undefined)
    if (report.status === 'MISS') this.#calls.explainLater(planned)
    return { flight, report: this.#counted(report), leave }
  }

  /** Stores the answer of a call, or counts why it is not stored, if a caller of the call wants to store it. */
  async commit(
    flight: Flight<Answer, Log, Outcome>,
    decide: () => Decision<Answer>,
    startedAt: number,
  ): Promise<void> {
    const { storing, signal } = flight
    const beginning = await flight.beginning
    if (storing === undefined || 'answer' in beginning || beginning.claim === 'not_stored') return
    if (signal.aborted) return this.countFailure(flight)
    const durationMs = this.#calls.clock.now() - startedAt
    await this.#calls.commit(storing, beginning.claim, decide, durationMs, flight.joined)
  }

  /** Counts the answer of a call that has failed, or that all its callers have left. */
  countFailure({ signal }: Flight<Answer, Log, Outcome>): void {
    this.#calls.counters.countRefusal(signal.aborted ? 'incomplete' : 'error')
  }

  /** Starts a call that others can join until it is over. */
  #start(
    planned: CachedCall,
    { form, isReadable, log, ask }: CallStart<Answer, Log, Outcome>,
  ): Flight<Answer, Log, Outcome> {
    const { whenAbandoned } = this.#options
    const id = flightIds(planned, form).at(-1) as string
    return this.#flights.start(id, log(), whenAbandoned, async (flight) => {
      // Callers that come at the same time join first, so that the answer gets their tags too.
      await Promise.resolve()
      const beginning = await this.#begin(flight.storing, flight, isReadable)
      try {
        flight.signal.throwIfAborted()
        flight.begin(beginning)
        return 'answer' in beginning ? (undefined as Outcome) : await ask(flight)
      } finally {
        if ('claim' in beginning && typeof beginning.claim === 'object') beginning.claim.release()
      }
    })
  }

  /** Waits until this call may ask the model, or until an identical call has stored its answer. */
  async #begin(
    storing: CachedCall | undefined,
    { signal }: Flight<Answer, Log, Outcome>,
    isReadable: (answer: Answer) => boolean,
  ): Promise<Beginning<Answer>> {
    if (storing === undefined) return { claim: 'not_stored' }
    const claim = this.#calls.claim(storing, isReadable, signal)
    const turn = await claim.turn
    if (turn === 'granted') return { claim }
    if (turn === 'unavailable') return { claim: 'store_failed' }
    const answer = this.#calls.answerIn(turn.value, storing, isReadable)
    return answer === undefined ? { claim: 'superseded' } : { answer }
  }

  #renew(planned: CachedCall, renewal: CallStart<Answer, Log, Outcome>): void {
    const refresh: CachedCall = { ...planned, plan: { ...planned.plan, refresh: true } }
    if (this.#running(refresh, renewal.form) !== undefined) return
    const flight = this.#start(refresh, renewal)
    flight.addStoring(refresh)
    flight.enter()
  }

  #running(planned: CachedCall, form: string): Flight<Answer, Log, Outcome> | undefined {
    for (const id of flightIds(planned, form)) {
      const flight = this.#flights.get(id)
      if (flight !== undefined) return flight
    }
    return undefined
  }

  #counted(report: CallReport): CallReport {
    this.#calls.counters.count(report)
    return report
  }
}

function startReport(planned: CachedCall, isUnavailable: boolean, isJoined: boolean): CallReport {
  const key = keyOf(planned)
  if (isJoined) return { status: 'COALESCED', key }
  if (isUnavailable) return { status: 'BYPASS', reason: 'store_unavailable', key }
  return { status: planned.plan.refresh ? 'REFRESH' : 'MISS', key }
}

function keyOf({ key }: CachedCall): string {
  return key.digest
}

/**
 * Returns the ids of the flights that a call may join; it starts the last one. Calls that want a new answer do not
 * join a call that began before they wanted it. A call that stores its answer does not join one that does not.
 */
function flightIds({ key, plan }: CachedCall, form: string): readonly string[] {
  const id = `${form}:${plan.refresh ? 'refresh' : 'call'}:${key.key}`
  return plan.noStore ? [id, `private ${id}`] : [id]
}

const flightsOf = new WeakMap<CacheInterface, Map<string, unknown>>()

/** Returns the running calls of a cache on one surface. All adapters of a cache share them. */
function sharedFlights<Answer, Log, Outcome>(
  cache: CacheInterface,
  surface: Surface,
): Flights<Answer, Log, Outcome> {
  const bySurface = flightsOf.get(cache) ?? new Map<string, unknown>()
  flightsOf.set(cache, bySurface)
  const known = bySurface.get(surface) as Flights<Answer, Log, Outcome> | undefined
  const flights = known ?? new Flights<Answer, Log, Outcome>()
  bySurface.set(surface, flights)
  return flights
}
