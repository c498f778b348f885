export {
  CacheCompatibilityWrapper,
  type CompatibilityOptions,
  type WithLegacyNames,
} from './cache-compatibility-wrapper.js'
export {
  CacheParameterMapper,
  type MappedParameters,
  type ParameterInfo,
  type Parameters,
} from './cache-parameter-mapper.js'
export type { FlatMetadata, FlatResponse } from './flat-response.js'
export type { LegacyCacheStats, LegacyCalls } from './legacy-calls.js'
