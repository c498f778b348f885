export type { CallControl } from '../model-calls/call-control.js'
export * from '../model-calls/exports.js'
export { VerbatimCache, type VerbatimCacheOptions } from './verbatim-cache.js'
export { type CachedChatModel, type LangChainOptions, withCache } from './with-cache.js'
