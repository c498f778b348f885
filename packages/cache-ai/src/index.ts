export {
  type AIRequest,
  type AIResponse,
  AIResponseCache,
  type AIResponseCacheOptions,
  type CachedResponse,
} from './ai-response-cache.js'
export {
  CacheKeyGenerator,
  type CacheKeyGeneratorOptions,
  type KeyStyle,
  type RequestOptions,
} from './keys/cache-key-generator.js'
export type { KeyGenerationStats } from './keys/key-generation-stats.js'
export { DEFAULT_OPERATION_TTLS, type OperationTtls } from './operation-ttls.js'
