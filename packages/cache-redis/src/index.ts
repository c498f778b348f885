export { decodeTaggedJson, encodeTaggedJson } from './codec/tagged-json.js'
export { createClient, type RedisClient } from './connection/clients.js'
export type {
  ClusterOptions,
  LocationOptions,
  SentinelOptions,
} from './connection/location.js'
export { DEFAULT_REDIS_URL, isRedisUrl, REDIS_URL_FORM } from './connection/redis-url.js'
export { KeyRing, type KeyRingEntry, SEALED_OVERHEAD } from './encryption/key-ring.js'
export type { KeyState } from './encryption/key-set.js'
export type { EncryptionOptions } from './encryption/value-encryption.js'
export type { RedisCacheEvents } from './events.js'
export { GenericRedisCache } from './generic-redis-cache.js'
export {
  type ConnectOptions,
  type GenericRedisCacheOptions,
  REDIS_CACHE_OPTIONS,
  REDIS_SETTINGS,
  type RedisSetting,
} from './options.js'
export type { RedisServerInfo, ScriptingMode } from './redis/masters.js'
export type { ReencryptionCounts, ReencryptOptions } from './redis/reencryption.js'
export type { ExpiringCertificate } from './security/certificate-watch.js'
export type {
  FindingSeverity,
  PeerCertificateSummary,
  SecurityFinding,
  SecurityStatus,
  SecurityValidationResult,
  ServerSecurity,
} from './security/findings.js'
export { type AclOptions, type AclUser, generateAcl } from './security/generate-acl.js'
export type { AclRole } from './security/permissions.js'
export {
  type Login,
  type Password,
  SecurityConfig,
  type SecurityConfigOptions,
  type TlsOptions,
} from './security/security-config.js'
export { createSecurityConfigFromEnv } from './security/security-environment.js'
export { RedisCacheSecurityManager } from './security/security-manager.js'
export type { MemoryTierStats, RedisCacheStats } from './stats.js'
