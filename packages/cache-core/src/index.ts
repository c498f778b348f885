export { onAbort } from './abort-listeners.js'
export {
  type ArgumentErrorDetails,
  describeReceived,
  invalidArgument,
  invalidOption,
} from './argument-errors.js'
export {
  assertIterable,
  assertKeys,
  assertLoader,
  assertSignal,
  assertValue,
  collectEntries,
  toEntry,
} from './arguments.js'
export {
  type CacheEntry,
  type EntrySource,
  type GetEntryOptions,
  type GetEntryPlan,
  isAccepted,
  type LookupOutcome,
  type MemoryTtl,
  memoryTtlOf,
  notifyLookup,
  planGetEntry,
  type ReadOptions,
  type ReadPlan,
} from './cache-entry.js'
export {
  CacheInterface,
  type CacheSettings,
  type InspectedEntry,
  type InvalidationOptions,
  invalidationReason,
} from './cache-interface.js'
export { canonicalJson } from './canonical-json.js'
export { assertClock, type Clock, ManualClock, systemClock } from './clock.js'
export { recognizeCopies } from './copies.js'
export { classNameOf, type DataKind, dataKindOf } from './data-kind.js'
export { fromMilliseconds, type Ttl, toMilliseconds } from './duration.js'
export {
  CacheError,
  type CacheErrorOptions,
  ConfigurationError,
  describeType,
  type ErrorContext,
  InfrastructureError,
  isError,
  isSystemError,
  SecurityError,
  SerializationError,
  ValidationError,
} from './errors.js'
export { EventHub } from './event-hub.js'
export { describeProperty, enumerableSymbolOf, extraPropertyOf } from './extra-properties.js'
export { assertPattern, compileGlob, escapeGlob, MAX_PATTERN_LENGTH } from './glob.js'
export { assertKey, MAX_KEY_BYTES, utf8Length } from './key.js'
export { assertKnownFields, nearestName } from './known-fields.js'
export {
  type GetOrSetOptions,
  type LoadPlan,
  type LoadTimeout,
  planLoad,
} from './loading/get-or-set-options.js'
export { LoadContext, type Loader } from './loading/loader.js'
export { emptyLookup, type LookupResult } from './loading/lookup-result.js'
export type { LoadIsolator } from './loading/read-through.js'
export { type Flight, type FlightOptions, SingleFlight } from './loading/single-flight.js'
export {
  assertLogger,
  assertName,
  CONTROL_CHARACTERS,
  type Logger,
  type LogLevel,
} from './logger.js'
export {
  type CacheMonitor,
  type CacheOperation,
  type CacheTier,
  hitRate,
  type MemoryHolder,
  type MemoryUse,
  type OperationOutcome,
  type ResponseOutcome,
  TEXT_SIZES,
  type TextSize,
} from './monitor.js'
export { assertMonitor, hasMethod, MonitorGuard } from './monitor-guard.js'
export { choiceOption, integerOption } from './options.js'
export { isPlainObject } from './plain-object.js'
export { Reporter, type ReporterSettings } from './reporter.js'
export { Secret } from './secret.js'
export {
  planStore,
  type SetOptions,
  type StorePlan,
  toSetOptions,
} from './set-options.js'
export { assertTags, MAX_TAGS } from './tags.js'
export { delay, ignoreRejection, isPromiseLike, timers } from './timers.js'
export {
  LONGEST_USUAL_TTL_MS,
  reportFailedRefresh,
  reportLongTtl,
  reportNotStored,
} from './usual-reports.js'
