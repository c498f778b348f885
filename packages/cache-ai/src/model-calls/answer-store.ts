import type { CacheInterface, Clock } from '@verbatim/cache-core'
import { fromMilliseconds, isPlainObject, type Reporter } from '@verbatim/cache-core/implement'
import type { ControlPlan } from './call-control.js'
import { Claim } from './claim.js'
import { RecordedCalls } from './recorded-calls.js'
import type { RequestKey } from './request-key.js'

const FORMAT = 1

/** A stored answer with what is known about it. */
interface StoredEntry<Answer> {
  readonly format: typeof FORMAT
  /** The second digest of the request. */
  readonly check: string
  /** When the model gave the answer, in milliseconds since 1970. */
  readonly at: number
  /** The duration of the model call, in milliseconds. */
  readonly durationMs: number
  /** The age from which the answer is stale, in milliseconds; `null` while it is stored. */
  readonly freshMs: number | null
  readonly answer: Answer
}

/** An answer that was stored. */
export interface FoundAnswer<Answer> {
  readonly state: 'fresh' | 'stale'
  readonly answer: Answer
  readonly ageMs: number
  readonly durationMs: number
}

/** The result of a lookup. `'unavailable'`: the cache failed. */
export type Found<Answer> = { readonly state: 'absent' | 'unavailable' } | FoundAnswer<Answer>

/** Reads and writes the answers of models in a cache. A failure of the cache never fails a call. */
export class AnswerStore<Answer> {
  readonly #cache: CacheInterface
  readonly #clock: Clock
  readonly #reporter: Reporter

  constructor(cache: CacheInterface, clock: Clock, reporter: Reporter) {
    this.#cache = cache
    this.#clock = clock
    this.#reporter = reporter
  }

  async read(key: RequestKey, plan: ControlPlan): Promise<Found<Answer>> {
    let value: unknown
    try {
      value = await this.#cache.get(key.key)
    } catch (error) {
      if (this.#cache instanceof RecordedCalls) throw error
      this.#report('CACHE_READ_FAILED', 'the cache could not be read; calls go to the model', error)
      return { state: 'unavailable' }
    }
    return this.usable(value, key, plan) ?? { state: 'absent' }
  }

  /** Returns the answer in a stored value, if the call may use it. */
  usable(
    value: unknown,
    { check }: RequestKey,
    plan: ControlPlan,
  ): FoundAnswer<Answer> | undefined {
    if (!isEntry<Answer>(value)) return undefined
    if (value.check !== check) {
      const message = 'an entry belongs to another request; it was not used, and the model is asked'
      this.#reporter.notifyRarely('error', 'FOREIGN_ENTRY', message)
      return undefined
    }
    const ageMs = Math.max(0, this.#clock.wallTime() - value.at)
    const staleMs = value.freshMs === null ? 0 : ageMs - value.freshMs
    if (ageMs > plan.maxAgeMs || staleMs > plan.staleMs) return undefined
    const state = staleMs > 0 ? 'stale' : 'fresh'
    return { state, answer: value.answer, ageMs, durationMs: value.durationMs }
  }

  /** Claims the right to ask the model. */
  claim(
    key: RequestKey,
    plan: ControlPlan,
    isReadable: (answer: Answer) => boolean,
    signal: AbortSignal,
  ): Claim {
    const isUsable = (value: unknown): boolean => {
      const found = this.usable(value, key, plan)
      return found !== undefined && isReadable(found.answer)
    }
    const { tags, refresh } = plan
    return new Claim(this.#cache, key.key, { tags, refresh, isUsable, signal })
  }

  /** Stores an answer by its claim. Returns whether the cache accepted it. */
  async write(
    claim: Claim,
    { check }: RequestKey,
    answer: Answer,
    durationMs: number,
    { ttlMs, staleMs }: ControlPlan,
  ): Promise<boolean> {
    const entry: StoredEntry<Answer> = {
      format: FORMAT,
      check,
      at: this.#clock.wallTime(),
      durationMs,
      freshMs: staleMs > 0 && ttlMs !== undefined ? ttlMs : null,
      answer,
    }
    try {
      await claim.store(entry, ttlMs === undefined ? undefined : fromMilliseconds(ttlMs + staleMs))
      return true
    } catch (error) {
      this.#report('CACHE_WRITE_FAILED', 'an answer could not be stored', error)
      return false
    }
  }

  #report(code: string, message: string, error: unknown): void {
    const { code: cause = 'an error without a code' } = Object(error) as { code?: unknown }
    this.#reporter.notifyRarely('warn', code, `${message} (${String(cause)})`)
  }
}

function isEntry<Answer>(value: unknown): value is StoredEntry<Answer> {
  if (!isPlainObject(value) || value['format'] !== FORMAT) return false
  const { check, at, durationMs, freshMs, answer } = value
  return (
    typeof check === 'string' &&
    Number.isFinite(at) &&
    Number.isFinite(durationMs) &&
    (freshMs === null || typeof freshMs === 'number') &&
    isPlainObject(answer)
  )
}
