export type { CallControl } from '../model-calls/call-control.js'
export type { ModelCallStats } from '../model-calls/call-counters.js'
export type {
  BypassReason,
  CallReport,
  CallStatus,
  RefusalReason,
} from '../model-calls/call-status.js'
export type { WhenAbandoned } from '../model-calls/flights.js'
export { type CounterMeter, metricsText, observeModelCalls } from '../model-calls/metrics.js'
export type {
  AnswerPart,
  FileData,
  FinishReason,
  ModelAnswer,
  ProviderMetadata,
  StreamTrack,
  TokenUsage,
} from '../model-calls/model-answer.js'
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
  createEmbeddingCacheMiddleware,
  type EmbeddingCacheMiddleware,
} from './embedding-middleware.js'
export { explainKey, type KeyExplanation, type KeyOptions } from './explain-key.js'
export {
  type CacheMiddleware,
  type CacheMiddlewareOptions,
  createCacheMiddleware,
} from './language-middleware.js'
export type { ReplayPace } from './replay.js'
