import type { BypassReason, CallReport, CallStatus, RefusalReason } from './call-status.js'
import type { Savings } from './savings.js'

/** Counts of the calls through an adapter. */
export interface ModelCallStats {
  /** Calls by status. */
  readonly calls: Readonly<Partial<Record<CallStatus, number>>>
  /** Calls that did not use the cache, by reason. */
  readonly bypassed: Readonly<Partial<Record<BypassReason, number>>>
  /** Number of answers that were not stored, by reason. */
  readonly notStored: Readonly<Partial<Record<RefusalReason, number>>>
  /** Tokens, time and money that the cache has saved. */
  readonly savings: Savings
}

/** Counts the calls through an adapter. */
export class CallCounters {
  readonly #calls: Partial<Record<CallStatus, number>> = {}
  readonly #bypassed: Partial<Record<BypassReason, number>> = {}
  readonly #notStored: Partial<Record<RefusalReason, number>> = {}

  count({ status, reason }: CallReport): void {
    increment(this.#calls, status)
    if (reason !== undefined) increment(this.#bypassed, reason)
  }

  countRefusal(reason: RefusalReason): void {
    increment(this.#notStored, reason)
  }

  snapshot(): Omit<ModelCallStats, 'savings'> {
    return {
      calls: { ...this.#calls },
      bypassed: { ...this.#bypassed },
      notStored: { ...this.#notStored },
    }
  }
}

function increment<Name extends string>(counts: Partial<Record<Name, number>>, name: Name): void {
  counts[name] = (counts[name] ?? 0) + 1
}
