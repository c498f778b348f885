export { onAbort } from './abort-listeners.js'
export {
  type ArgumentErrorDetails,
  describeReceived,
  invalidArgument,
  invalidOption,
} from './argument-errors.js'
export {
  assertClearsAll,
  assertIterable,
  assertKeys,
  assertLoader,
  assertSignal,
  assertValue,
  collectEntries,
  flagArgument,
  toEntry,
} from './arguments.js'
export {
  type GetEntryPlan,
  isAccepted,
  type MemoryTtl,
  memoryTtlOf,
  notifyLookup,
  planGetEntry,
  type ReadPlan,
} from './cache-entry.js'
export { type CacheSettings, includesForeign, invalidationReason } from './cache-interface.js'
export {
  LONG_TTL_MS,
  reportFailedRefresh,
  reportLongTtl,
  reportNotStored,
} from './cache-reports.js'
export { assertClock } from './clock.js'
export { recognizeCopies } from './copies.js'
export { classNameOf, type DataKind, dataKindOf, isPlainObject } from './data-kind.js'
export {
  fromMilliseconds,
  toFiniteMilliseconds,
  toGraceMilliseconds,
  toMilliseconds,
} from './duration.js'
export { describeType, isError, isSystemError } from './errors.js'
export { EventHub } from './event-hub.js'
export { describeProperty, enumerableSymbolOf, extraPropertyOf } from './extra-properties.js'
export { assertPattern, compileGlob } from './glob.js'
export { assertKey, utf8Length } from './key.js'
export { assertKnownFields, nearestName } from './known-fields.js'
export { type LoadPlan, planLoad } from './loading/get-or-set-options.js'
export { emptyLookup, type LookupResult } from './loading/lookup-result.js'
export type { LoadIsolator } from './loading/read-through.js'
export { type Flight, type FlightOptions, SingleFlight } from './loading/single-flight.js'
export { assertLogger, assertName, CONTROL_CHARACTERS } from './logger.js'
export { hitRate, isTextSize, TEXT_SIZES } from './monitor.js'
export { assertMonitor, hasMethod, MonitorGuard } from './monitor-guard.js'
export { choiceOption, flagOption, integerOption, parseFlag } from './options.js'
export { Reporter, type ReporterSettings } from './reporter.js'
export { planStore, type StorePlan, toSetOptions } from './set-options.js'
export { assertTags } from './tags.js'
export { delay, ignoreRejection, isPromiseLike, timers } from './timers.js'
