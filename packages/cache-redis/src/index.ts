export { decodeTaggedJson, encodeTaggedJson } from './codec/tagged-json.js'
export type { ConnectOptions } from './connect-options.js'
export type {
  ClusterOptions,
  LocationOptions,
  SentinelOptions,
} from './connection/location-options.js'
export type { RedisClient } from './connection/redis-client.js'
export { DEFAULT_REDIS_URL, isRedisUrl, REDIS_URL_FORM } from './connection/redis-url.js'
export type { RedisCacheEvents } from './events.js'
export { GenericRedisCache } from './generic-redis-cache.js'
export { type GenericRedisCacheOptions, REDIS_CACHE_OPTIONS } from './options.js'
export { FUNCTION_LIBRARY } from './redis/programs/function-runner.js'
export type { ProgramWay } from './redis/programs/program-way.js'
export type { RedisServerInfo } from './redis/server-info.js'
export type { MemoryTierStats, RedisCacheStats } from './stats.js'
