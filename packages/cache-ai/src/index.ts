export type { AIRequest, AIResponse, CachedResponse } from './ai-request.js'
export { AIResponseCache } from './ai-response-cache.js'
export { UnmatchedResponsesError } from './batch-errors.js'
export type { CallOptions, ComputeOptions, LookupOptions } from './call-options.js'
export type { BatchContext, ComputeMany } from './compute-batch.js'
export { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
export { type ConfigProblem, ValidationResult } from './config/problems.js'
export type { ConfigName, ConfigValues, PresetName } from './config/settings.js'
export {
  CacheKeyGenerator,
  type CacheKeyGeneratorOptions,
  type KeySelection,
  type KeyStyle,
  type RequestOptions,
} from './keys/cache-key-generator.js'
export type { KeyGenerationStats } from './keys/key-generation-stats.js'
export { DEFAULT_OPERATION_TTLS, type OperationTtls } from './operation-ttls.js'
export type { AIResponseCacheOptions, InvalidationOptions } from './options.js'
export type { ResponseForm } from './response-form.js'
export type { AIOverview, AIPerformanceSummary } from './statistics/ai-statistics.js'
export type { AICacheStats, AICacheStatsOptions, RedisStanding } from './statistics/cache-stats.js'
export type { OperationPerformance, OperationTimes } from './statistics/operation-performance.js'
export type {
  TextSizeStatistics,
  TierFinding,
  TierTimes,
} from './statistics/text-size-statistics.js'
export type { TextSizeTiers } from './text-size.js'
