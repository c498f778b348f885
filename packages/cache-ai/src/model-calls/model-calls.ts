import { CacheError, type Clock } from '@verbatim/cache-core'
import { invalidArgument } from '@verbatim/cache-core/implement'
import { AnswerStore, type Found } from './answer-store.js'
import { type CachedCall, planControl } from './call-control.js'
import { CallCounters, type ModelCallStats } from './call-counters.js'
import {
  BypassError,
  type BypassReason,
  type CallReport,
  type RefusalReason,
} from './call-status.js'
import type { Claim } from './claim.js'
import type { TokenUsage } from './model-answer.js'
import type { ResolvedModelCacheOptions } from './model-cache-options.js'
import { type MissExplanation, RecentRequests } from './recent-requests.js'
import { RecordedCalls } from './recorded-calls.js'
import { type KeyDocument, requestKey, type Surface } from './request-key.js'
import { SavingsLedger } from './savings.js'
import { assertModelTenant, type Tenant } from './tenant.js'

/** The part of a call that an adapter knows. */
export interface CallIdentity {
  readonly surface: Surface
  readonly provider: string
  readonly model: string
  /** The owner of the answer. Default: the option of the adapter. */
  readonly tenant?: Tenant | undefined
  /** Returns the request. It may throw a {@link BypassError}. */
  readonly request: () => unknown
}

/** Whether an answer is stored, or why not. */
export type Decision<Answer> = { readonly answer: Answer } | { readonly refusal: RefusalReason }

/** The common part of all adapters: keys, lookups, the rule for storing, and counts. */
export class ModelCalls<Answer> {
  readonly clock: Clock
  readonly counters: CallCounters = new CallCounters()
  readonly #options: ResolvedModelCacheOptions
  readonly #store: AnswerStore<Answer>
  readonly #usageOf: (answer: Answer) => TokenUsage | undefined
  readonly #savings: SavingsLedger
  readonly #recent = new RecentRequests()

  /** @param usageOf - returns the tokens of an answer; `undefined` if they are unknown */
  constructor(
    options: ResolvedModelCacheOptions,
    usageOf: (answer: Answer) => TokenUsage | undefined = () => undefined,
  ) {
    this.#options = options
    this.#usageOf = usageOf
    this.#savings = new SavingsLedger(options.prices)
    this.clock = options.clock
    this.#store = new AnswerStore(options.cache, options.clock, options.reporter)
  }

  /**
   * Returns the key and the options of a call, or the reason why it bypasses the cache.
   *
   * @throws CacheError (`NOT_CACHED`) for a call that bypasses the cache and must not ask the model
   */
  plan(identity: CallIdentity, control: unknown): CachedCall | { readonly bypass: CallReport } {
    const recorded = this.#recorded
    try {
      const plan = planControl(control, this.#options.defaults)
      const document = this.document(identity, plan.variant)
      const key = requestKey(document, this.#options.keySecret)
      if (recorded !== undefined) recorded.describe(key, document)
      if (plan.refresh) recorded?.assertMayAsk('refresh')
      return { key, document, plan }
    } catch (error) {
      if (!(error instanceof BypassError)) throw error
      const { reason, path } = error
      recorded?.assertMayAsk(reason)
      if (Object(control).onlyIfCached === true) throw notCached()
      return { bypass: { status: 'BYPASS', reason, ...(path !== undefined && { path }) } }
    }
  }

  /** @throws BypassError for a tenant or a request that has no key */
  document(identity: CallIdentity, variant: string | number): KeyDocument {
    const { surface, provider, model, request } = identity
    const { version } = this.#options
    return {
      surface,
      tenant: identity.tenant ?? this.#tenant(),
      provider,
      model,
      version,
      variant,
      request: request(),
    }
  }

  /**
   * Looks a call up.
   *
   * @throws CacheError (`NOT_CACHED`) if the call must not ask the model, and nothing is stored
   */
  async find(
    { key, plan }: CachedCall,
    isReadable: (answer: Answer) => boolean,
  ): Promise<Found<Answer>> {
    const found = plan.refresh ? ABSENT : await this.#store.read(key, plan)
    if ('answer' in found && isReadable(found.answer)) return found
    if (plan.onlyIfCached) throw notCached()
    // A cassette has an entry for each call that it replays, and this call cannot use the entry.
    this.#recorded?.assertMayAsk('unusable_entry')
    return 'answer' in found ? ABSENT : found
  }

  /** Claims the right to ask the model. */
  claim(
    { key, plan }: CachedCall,
    isReadable: (answer: Answer) => boolean,
    signal: AbortSignal,
  ): Claim {
    return this.#store.claim(key, plan, isReadable, signal)
  }

  /** Returns the answer that an identical call has stored, if this call may use it. */
  answerIn(
    value: unknown,
    { key, plan }: CachedCall,
    isReadable: (answer: Answer) => boolean,
  ): Answer | undefined {
    const found = this.#store.usable(value, key, plan)
    return found !== undefined && isReadable(found.answer) ? found.answer : undefined
  }

  /**
   * Stores an answer by its claim, or counts why it is not stored.
   *
   * @param claim - the claim of the call, or the reason why it has none
   * @param joined - the calls that share the answer
   */
  async commit(
    { key, plan }: CachedCall,
    claim: Claim | 'store_failed' | 'superseded',
    decide: () => Decision<Answer>,
    durationMs: number,
    joined: readonly CachedCall[] = [],
  ): Promise<void> {
    const decision = this.#decide(decide)
    if ('refusal' in decision) return this.counters.countRefusal(decision.refusal)
    for (const call of joined) this.saved(call, decision.answer, 0)
    if (typeof claim === 'string') return this.counters.countRefusal(claim)
    // Without its tag, an answer would outlive the invalidation of the tag.
    if (!plan.tags.every((tag) => claim.tags.includes(tag)))
      return this.counters.countRefusal('late_tags')
    const isStored = await this.#store.write(
      claim,
      key,
      decision.answer,
      Math.round(durationMs),
      plan,
    )
    if (!isStored) this.counters.countRefusal('store_failed')
  }

  /** @throws CacheError (`CASSETTE_MISS`) if the cache is a cassette that replays */
  assertMayBypass(reason: BypassReason): void {
    this.#recorded?.assertMayAsk(reason)
  }

  get #recorded(): RecordedCalls | undefined {
    const { cache } = this.#options
    return cache instanceof RecordedCalls ? cache : undefined
  }

  /** Counts a call that was served without the model. */
  saved(planned: CachedCall, answer: Answer, timeMs: number): void {
    this.#savings.add(planned, this.#usageOf(answer), timeMs)
  }

  stats(): ModelCallStats {
    return { ...this.counters.snapshot(), savings: this.#savings.snapshot() }
  }

  /** Remembers a call that was not found. */
  explainLater(planned: CachedCall): void {
    // A call may have thousands of values, and its status names none of them.
    if (planned.document.surface === 'embedding') return
    this.#recent.add(planned, this.clock.wallTime())
  }

  /** Returns why a call was not found, by the digest of its request. */
  explain(key: string): MissExplanation | undefined {
    if (typeof key !== 'string') throw invalidArgument('key', 'a string', key)
    return this.#recent.explain(key)
  }

  #decide(decide: () => Decision<Answer>): Decision<Answer> {
    try {
      return decide()
    } catch {
      return { refusal: 'rejected' }
    }
  }

  #tenant(): Tenant {
    const { tenant } = this.#options
    if (typeof tenant !== 'function') return tenant
    try {
      const found: unknown = tenant()
      assertModelTenant(found)
      return found
    } catch {
      throw new BypassError('invalid_tenant')
    }
  }
}

const ABSENT = Object.freeze({ state: 'absent' })

function notCached(): CacheError {
  const message = 'no answer is stored for this call, and it must not ask the model'
  return new CacheError(message, { code: 'NOT_CACHED', context: {} })
}
