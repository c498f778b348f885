export type { CallControl } from '../model-calls/call-control.js'
export type { ModelCallStats } from '../model-calls/call-counters.js'
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
export { VerbatimCache, type VerbatimCacheOptions } from './verbatim-cache.js'
export { type CachedChatModel, type LangChainOptions, withCache } from './with-cache.js'
