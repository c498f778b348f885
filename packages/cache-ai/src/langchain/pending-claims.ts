import { timers } from '@verbatim/cache-core/implement'
import type { Claim } from '../model-calls/claim.js'

/** The longest time from a lookup to the update with its answer, in milliseconds. */
const LONGEST_CALL_MS = 120_000
/** The time that a lookup waits for its claim, in milliseconds. */
const LONGEST_WAIT_MS = 250
/** Above this number of claims, the oldest one ends. */
const MAX_CLAIMS = 1_000

interface PendingClaim {
  readonly claim: Claim
  readonly end: () => void
}

/**
 * The claims between the lookup of a prompt and the update with its answer.
 *
 * LangChain does not say which lookup an update belongs to, and nothing at all when a model fails. So the oldest
 * claim of a prompt serves the first update: an invalidation after any of the lookups keeps the answer out.
 */
export class PendingClaims {
  readonly #pending = new Map<string, PendingClaim>()

  /** Remembers a claim until the update, unless one is pending for the key or another process asks the model. */
  async add(key: string, open: (signal: AbortSignal) => Claim): Promise<void> {
    if (this.#pending.has(key)) return
    const abort = new AbortController()
    const claim = open(abort.signal)
    const end = (): void => {
      timers.clearTimeout(timer)
      if (this.#pending.get(key) === pending) this.#pending.delete(key)
      claim.release()
      abort.abort()
    }
    const timer = timers.setTimeout(end, LONGEST_CALL_MS).unref()
    const pending: PendingClaim = { claim, end }
    this.#pending.set(key, pending)
    for (const { end: endOldest } of this.#pending.values()) {
      if (this.#pending.size <= MAX_CLAIMS) break
      endOldest()
    }
    let waiting: ReturnType<typeof timers.setTimeout> | undefined
    const late = new Promise<'late'>((resolve) => {
      waiting = timers.setTimeout(() => resolve('late'), LONGEST_WAIT_MS)
    })
    const turn = await Promise.race([claim.turn, late])
    timers.clearTimeout(waiting)
    if (turn !== 'granted') end()
  }

  /** Removes the claim of a key. The caller calls `end` when it has stored the answer. */
  take(key: string): PendingClaim | undefined {
    const pending = this.#pending.get(key)
    this.#pending.delete(key)
    return pending
  }
}
