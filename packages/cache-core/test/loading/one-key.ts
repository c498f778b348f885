import { CacheError, type LoadContext } from '../../src/index.js'
import { RecordingCache } from './recording-cache.js'
import { follow, turn } from './source.js'

/** TTL of a loaded value. */
const TTL_MS = 20
const FAILURE = new Error('the source is down')
const REASON = new Error('the caller has gone')

export interface CallEvent {
  readonly what: 'call'
  readonly staleWhileRevalidateMs: number | undefined
  readonly staleIfErrorMs: number | undefined
  readonly softTimeoutMs: number | undefined
  readonly earlyRefresh: number | undefined
  readonly hasSignal: boolean
}

export type Event =
  | CallEvent
  | { readonly what: 'end'; readonly place: number; readonly how: 'answer' | 'skip' | 'fail' }
  | { readonly what: 'abort'; readonly place: number }
  | { readonly what: 'pass'; readonly milliseconds: number }
  | { readonly what: 'delete' }

/** A load, with the number of deletions of the key before it. */
interface Load {
  readonly number: number
  readonly deletions: number
  readonly startedAt: number
  readonly context: LoadContext
  readonly end: (how: 'answer' | 'skip' | 'fail') => void
}

/** A call, with the state at its start. */
interface Call {
  readonly outcome: ReturnType<typeof follow<Load>>
  readonly controller: AbortController
  readonly hasSignal: boolean
  readonly madeAt: number
  readonly deletions: number
  readonly fills: number
  readonly held: Load | undefined
  /** Time until which the stale value may be served. */
  readonly servedUntil: number
}

/** One key with random events, and the conditions that must hold at any time. */
export class OneKey {
  readonly #cache = new RecordingCache<Load>(() => 0.5)
  readonly #hardTimeoutMs: number | undefined
  readonly #pending = new Set<Load>()
  #loads = 0
  #deletions = 0
  #calls: Call[] = []
  #problems: string[] = []

  constructor(hardTimeoutMs: number | undefined) {
    this.#hardTimeoutMs = hardTimeoutMs
  }

  /** Runs an event. Returns the conditions that are violated after it. */
  async after(event: Event): Promise<readonly string[]> {
    if (event.what === 'call') this.#call(event)
    if (event.what === 'end') oneOf([...this.#pending], event.place)?.end(event.how)
    if (event.what === 'abort') oneOf(this.#calls, event.place)?.controller.abort(REASON)
    if (event.what === 'delete') this.#delete()
    if (event.what === 'pass') await this.#cache.pass(event.milliseconds)
    return this.#look()
  }

  /** Ends all loads. Returns the conditions that are violated then. */
  async atTheEnd(): Promise<readonly string[]> {
    for (const load of this.#pending) load.end('answer')
    await this.#look()
    this.#require('every call settles once its load has', this.#calls.length === 0)
    const { flights } = this.#cache.reads
    this.#require('no load is under way', flights.inFlight('key', 0) === undefined)
    return this.#problems
  }

  #call({ staleWhileRevalidateMs, staleIfErrorMs, ...event }: CallEvent): void {
    const controller = new AbortController()
    const { length: fills } = this.#cache.fills
    const held = this.#cache.lookup('key')
    const madeAt = this.#cache.clock.now()
    const staleMs = Math.max(staleWhileRevalidateMs ?? 0, staleIfErrorMs ?? 0)
    const call = this.#cache.getOrSet('key', (context) => this.#load(context), {
      ttl: `${TTL_MS}ms`,
      staleWhileRevalidate: seconds(staleWhileRevalidateMs),
      staleIfError: seconds(staleIfErrorMs),
      timeout: { soft: seconds(event.softTimeoutMs), hard: seconds(this.#hardTimeoutMs) },
      earlyRefresh: event.earlyRefresh,
      signal: event.hasSignal ? controller.signal : undefined,
    })
    this.#calls.push({
      outcome: follow(call),
      controller,
      hasSignal: event.hasSignal,
      madeAt,
      deletions: this.#deletions,
      fills,
      held: held?.value,
      servedUntil: madeAt + (held?.freshMs ?? Number.NEGATIVE_INFINITY) + staleMs,
    })
  }

  #load(context: LoadContext): Promise<Load> {
    const isNeedless = [...this.#pending].some((other) => this.#canBeJoined(other))
    this.#require('no load begins that another would do for', !isNeedless)
    return new Promise((resolve, reject) => {
      const load: Load = {
        number: this.#loads++,
        deletions: this.#deletions,
        startedAt: this.#cache.clock.now(),
        context,
        end: (how) => {
          this.#pending.delete(load)
          if (how === 'skip') context.skip()
          if (how === 'fail') reject(FAILURE)
          else resolve(load)
        },
      }
      this.#pending.add(load)
    })
  }

  #canBeJoined({ deletions, startedAt, context }: Load): boolean {
    const overdueAt = startedAt + (this.#hardTimeoutMs ?? Number.POSITIVE_INFINITY)
    const isOverdue = this.#cache.clock.now() >= overdueAt
    return deletions === this.#deletions && !context.signal.aborted && !isOverdue
  }

  #delete(): void {
    this.#deletions++
    this.#cache.delete('key')
  }

  async #look(): Promise<readonly string[]> {
    await turn()
    const held = this.#cache.lookup('key')?.value
    const isOld = held !== undefined && held.deletions < this.#deletions
    this.#require('nothing is held that was loaded before a delete', !isOld)
    const filled = this.#cache.fills.map(({ value }) => (value as Load).number)
    const isInOrder = filled.every((number, index) => number > (filled[index - 1] ?? -1))
    this.#require('no load is stored over a later one', isInOrder)
    for (const call of this.#calls) this.#check(call)
    this.#calls = this.#calls.filter(({ outcome }) => outcome().state === 'pending')
    return this.#problems
  }

  #check(call: Call): void {
    const { state, value, reason } = call.outcome()
    const now = this.#cache.clock.now()
    const isUnchanged = this.#deletions === call.deletions
    if (state === 'answered') {
      const isNew = value !== undefined && value.deletions >= call.deletions
      this.#require('no answer was loaded before a delete that came before the call', isNew)
      const isHeld = value === call.held
      this.#require('what was held is not served after a delete', !isHeld || isUnchanged)
      const isInTime = now <= call.servedUntil
      this.#require('what was held is not served for too long', !isHeld || isInTime)
    }
    const hasLeft = call.hasSignal && call.controller.signal.aborted
    this.#require('who gives up is told so', !hasLeft || reason === REASON)
    if (state !== 'failed') return
    if (reason === REASON) {
      this.#require('nobody else is told so', hasLeft)
      return
    }
    if (reason !== FAILURE) {
      const isTimeout = reason instanceof CacheError && reason.code === 'LOAD_TIMEOUT'
      const isTime = now >= call.madeAt + (this.#hardTimeoutMs ?? Number.POSITIVE_INFINITY)
      this.#require('a call fails of nothing but its source and its timeout', isTimeout && isTime)
    }
    // A value stored since then is newer, and may have replaced the old one.
    const mayServe = isUnchanged && this.#cache.fills.length === call.fills
    const isInTime = now <= call.servedUntil
    this.#require('what may be served is served rather than a failure', !(mayServe && isInTime))
  }

  #require(promise: string, isRetained: boolean): void {
    if (!isRetained) this.#problems.push(`${promise}, at ${this.#cache.clock.now()} ms`)
  }
}

function oneOf<Item>(items: readonly Item[], place: number): Item | undefined {
  return items[place % items.length]
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1_000
}
