export type { BypassReason, CallStatus, RefusalReason } from '../model-calls/call-status.js'
export * from '../model-calls/exports.js'
export type { WhenAbandoned } from '../model-calls/flights.js'
export {
  type CachingFetch,
  type CachingFetchOptions,
  createCachingFetch,
  type HttpAnswerInfo,
} from './caching-fetch.js'
