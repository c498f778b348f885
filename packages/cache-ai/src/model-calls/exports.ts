// The names that the entry points of all adapters export.
export type { ModelCallStats } from './call-counters.js'
export { type CounterMeter, metricsText, observeModelCalls } from './metrics.js'
export type { ModelCacheOptions } from './model-cache-options.js'
export type { MissExplanation } from './recent-requests.js'
export type {
  ModelPrice,
  PriceTable,
  SavedAmounts,
  SavedTokens,
  Savings,
  SavingsRow,
} from './savings.js'
export { SHARED, type Tenant } from './tenant.js'
