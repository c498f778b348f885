export type { ModelCallStats } from '../model-calls/call-counters.js'
export type { BypassReason, CallStatus, RefusalReason } from '../model-calls/call-status.js'
export type { WhenAbandoned } from '../model-calls/flights.js'
export { type CounterMeter, metricsText, observeModelCalls } from '../model-calls/metrics.js'
export type { ModelCacheOptions } from '../model-calls/model-cache-options.js'
export type { MissExplanation } from '../model-calls/recent-requests.js'
export type {
  ModelPrice,
  PriceTable,
  SavedAmounts,
  SavedTokens,
  Savings,
  SavingsRow,
} from '../model-calls/savings.js'
export { SHARED, type Tenant } from '../model-calls/tenant.js'
export {
  type CachingFetch,
  type CachingFetchOptions,
  createCachingFetch,
  type HttpAnswerInfo,
} from './caching-fetch.js'
