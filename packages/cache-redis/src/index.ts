export { decodeTaggedJson, encodeTaggedJson } from './codec/tagged-json.js'
export type {
  ClusterOptions,
  LocationOptions,
  SentinelOptions,
} from './connection/location-options.js'
export type { RedisClient } from './connection/redis-client.js'
export type { RedisCacheEvents } from './events.js'
export { GenericRedisCache } from './generic-redis-cache.js'
export type { GenericRedisCacheOptions } from './options.js'
export type { MemoryTierStats, RedisCacheStats } from './stats.js'
