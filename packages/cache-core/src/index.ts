export type {
  CacheEntry,
  EntrySource,
  GetEntryOptions,
  LookupOutcome,
  ReadOptions,
} from './cache-entry.js'
export {
  CacheInterface,
  type InspectedEntry,
  type InspectOptions,
  type InvalidationOptions,
} from './cache-interface.js'
export { canonicalJson } from './canonical-json.js'
export { type Clock, ManualClock, systemClock } from './clock.js'
export type { Ttl } from './duration.js'
export {
  CacheError,
  type CacheErrorOptions,
  ConfigurationError,
  type ErrorContext,
  InfrastructureError,
  SecurityError,
  SerializationError,
  ValidationError,
} from './errors.js'
export { escapeGlob, MAX_PATTERN_LENGTH } from './glob.js'
export { MAX_KEY_BYTES } from './key.js'
export type { GetOrSetOptions, LoadTimeout } from './loading/get-or-set-options.js'
export type { LoadContext, Loader } from './loading/loader.js'
export type { Logger, LogLevel } from './logger.js'
export type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  MemoryHolder,
  MemoryUse,
  OperationOutcome,
  ResponseOutcome,
  TextSize,
} from './monitor.js'
export { Secret } from './secret.js'
export type { SetOptions } from './set-options.js'
export { MAX_TAGS } from './tags.js'
