import type { Clock, MonitorGuard } from '@verbatim/cache-core'
import type { RequestOptions } from '../keys/cache-key-generator.js'
import type { KnownOfRequest } from '../stored-response.js'
import { modelOf } from '../tags.js'
import type { AIMetrics, AIOutcome } from './ai-metrics.js'

/** Counts how a look-up or a store ended. */
export type RecordOutcome = (outcome: AIOutcome) => void

/** What a recorder writes to. */
export interface ResponseRecorderOptions {
  readonly clock: Clock
  readonly metrics: AIMetrics
  readonly monitor: MonitorGuard
}

/** Records the outcome and the duration of every look-up and store, for the statistics and the monitor. */
export class ResponseRecorder {
  readonly #options: ResponseRecorderOptions

  constructor(options: ResponseRecorderOptions) {
    this.#options = options
  }

  /** Starts a look-up or a store. Returns a function that counts how it ended. */
  start(
    { operation, textTier }: KnownOfRequest,
    options: RequestOptions | undefined,
  ): RecordOutcome {
    const { clock, metrics, monitor } = this.#options
    const startedAt = clock.now()
    return (outcome) => {
      const milliseconds = clock.now() - startedAt
      metrics.add({ operation, tier: textTier, outcome, milliseconds })
      monitor.observeResponse(operation, modelOf(options), outcome, milliseconds)
    }
  }
}
