import { AsyncLocalStorage } from 'node:async_hooks'
import type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  OperationOutcome,
} from '@verbatim/cache-core'

/** The most operations that a trace retains. */
const MOST_STEPS = 20

/** An operation of a cache during a request. */
export interface RequestStep {
  readonly operation: CacheOperation
  readonly outcome: OperationOutcome
  /** The tier that decided the outcome. A read that Redis decided found nothing in memory before. */
  readonly tier: CacheTier
  /** Absent where the cache did not measure it. */
  readonly durationMs?: number
}

/**
 * Collects the operations of caches that belong to one request. Pass it to the cache beside its monitor, and to the
 * dashboard as `tracer`.
 *
 * @example
 * ```ts
 * const tracer = new RequestTracer()
 * const cache = new AIResponseCache({ performanceMonitor: combineMonitors(monitor, tracer) })
 * const dashboard = new Dashboard({ monitor, tracer, caches: { answers: cache } })
 * await dashboard.trace(() => answer(request)) // which calls dashboard.recordRequest
 * ```
 */
export class RequestTracer implements CacheMonitor {
  readonly #requests = new AsyncLocalStorage<RequestStep[]>()

  /** Runs a request. Its operations are {@link RequestTracer.steps} while it runs. */
  run<T>(request: () => T): T {
    return this.#requests.run([], request)
  }

  /** The operations of the running request so far; more are added to the same list. `undefined` outside of one. */
  get steps(): readonly RequestStep[] | undefined {
    return this.#requests.getStore()
  }

  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void {
    const steps = this.#requests.getStore()
    if (steps === undefined || steps.length === MOST_STEPS) return
    const durationMs = milliseconds === undefined ? {} : { durationMs: milliseconds }
    steps.push({ operation, outcome, tier, ...durationMs })
  }

  observeKeyGeneration(): void {}

  observeCompression(): void {}

  observeInvalidation(): void {}
}
