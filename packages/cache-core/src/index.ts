export { CacheInterface, type GetOrSetOptions, type Loader } from './cache-interface.js'
export { canonicalJson } from './canonical-json.js'
export { type Clock, ManualClock, systemClock } from './clock.js'
export { fromMilliseconds, type Ttl, toMilliseconds } from './duration.js'
export {
  CacheError,
  type CacheErrorOptions,
  ConfigurationError,
  describeType,
  type ErrorContext,
  InfrastructureError,
  SecurityError,
  SerializationError,
  ValidationError,
} from './errors.js'
export { EventHub } from './event-hub.js'
export { assertPattern, compileGlob, escapeGlob, MAX_PATTERN_LENGTH } from './glob.js'
export { assertKey, MAX_KEY_BYTES, utf8Length } from './key.js'
export type { CacheMonitor, CacheOperation, CacheTier, OperationOutcome } from './monitor.js'
export { choiceOption, integerOption, invalidOption } from './options.js'
export { type Flight, SingleFlight } from './single-flight.js'
export { assertValue } from './value.js'
