export type { CallControl } from '../model-calls/call-control.js'
export type {
  BypassReason,
  CallReport,
  CallStatus,
  RefusalReason,
} from '../model-calls/call-status.js'
export * from '../model-calls/exports.js'
export type { WhenAbandoned } from '../model-calls/flights.js'
export type {
  AnswerPart,
  FileData,
  FinishReason,
  ModelAnswer,
  ProviderMetadata,
  StreamTrack,
  TokenUsage,
} from '../model-calls/model-answer.js'
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
