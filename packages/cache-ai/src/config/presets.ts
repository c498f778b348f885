import { isPlainObject } from '@verbatim/cache-core/implement'
import { DEFAULT_REDIS_URL } from '@verbatim/cache-redis'
import type { ConfigName, ConfigValues, PresetName } from './config-values.js'
import { LOCATIONS } from './fields.js'

/** The fields that have a default. */
type WithoutDefault = 'sentinel' | 'cluster' | 'name'

type Defaults = {
  readonly [Name in Exclude<ConfigName, WithoutDefault>]: NonNullable<ConfigValues[Name]>
}

/** All fields in effect. Only one of `redisUrl`, `sentinel` and `cluster` is there. */
export type CompleteConfig = Omit<Defaults, 'redisUrl'> &
  Pick<ConfigValues, 'redisUrl' | WithoutDefault>

/** What is in effect unless a preset or a field says otherwise. */
export const DEFAULTS: Defaults = {
  redisUrl: DEFAULT_REDIS_URL,
  keyPrefix: 'ai_cache:',
  defaultTtl: 3_600,
  enableL1Cache: true,
  l1CacheSize: 100,
  l1CacheBytes: 64 * 1_024 * 1_024,
  isolation: 'freeze',
  compressionThreshold: 1_000,
  compressionLevel: 6,
  maxValueBytes: 8 * 1_024 * 1_024,
  commandTimeout: 200,
  onBackendError: 'degrade',
  readOnly: false,
  textHashThreshold: 1_000,
  hashAlgorithm: 'sha256',
  keyStyle: 'readable',
  textSizeTiers: { small: 500, medium: 5_000, large: 50_000 },
  operationTtls: {},
}

/** Returns the fields without those that are undefined. */
export function givenOf(values: ConfigValues): ConfigValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/**
 * Returns fields in which those of `over` win, operation by operation. A location in `over` replaces
 * any location in `under`.
 */
export function mergeFields(under: ConfigValues, over: ConfigValues): ConfigValues {
  const isMoved = LOCATIONS.some((name) => over[name] !== undefined)
  const rest = Object.entries(under).filter(
    ([name]) => !isMoved || !LOCATIONS.some((location) => location === name),
  )
  const [before, after] = [under.operationTtls, over.operationTtls]
  // Anything but a plain object is left for validate() to refuse.
  const isMerged = isPlainObject(before) && isPlainObject(after)
  const tables = isMerged ? { operationTtls: { ...before, ...after } } : {}
  return { ...Object.fromEntries(rest), ...over, ...tables }
}

/** Returns what a configuration gives itself or by its preset. */
export function withPreset({ preset, ...given }: ConfigValues): ConfigValues {
  const isKnown = preset !== undefined && Object.hasOwn(PRESETS, preset)
  return isKnown ? mergeFields(PRESETS[preset], given) : given
}

/** Returns all fields in effect. */
export function withDefaults(values: ConfigValues): CompleteConfig {
  return mergeFields(DEFAULTS, withPreset(givenOf(values))) as CompleteConfig
}

/** Fields that belong together. A preset leaves the other fields at their defaults. */
const PRESETS: Readonly<Record<PresetName, ConfigValues>> = {
  default: {},
  development: {
    defaultTtl: 1_800,
    l1CacheSize: 50,
    compressionThreshold: 2_000,
    compressionLevel: 3,
    textHashThreshold: 2_000,
  },
  testing: {
    defaultTtl: 300,
    l1CacheSize: 10,
    compressionThreshold: 5_000,
    compressionLevel: 1,
    textHashThreshold: 5_000,
    operationTtls: { summarize: 300, sentiment: 300, key_points: 300, questions: 300, qa: 300 },
  },
  production: {
    defaultTtl: 7_200,
    l1CacheSize: 200,
    compressionThreshold: 500,
    compressionLevel: 7,
    textHashThreshold: 500,
    // Anybody who can list the keys could read the prompts in them.
    keyStyle: 'hashed',
  },
  'ai-development': {
    defaultTtl: 1_800,
    l1CacheSize: 100,
    compressionThreshold: 1_000,
    compressionLevel: 6,
    textHashThreshold: 500,
    textSizeTiers: { small: 500, medium: 2_000, large: 10_000 },
    operationTtls: {
      summarize: 1_800,
      sentiment: 900,
      key_points: 1_200,
      questions: 1_500,
      qa: 900,
    },
  },
  'ai-production': {
    defaultTtl: 14_400,
    l1CacheSize: 1_000,
    compressionThreshold: 300,
    compressionLevel: 9,
    textHashThreshold: 1_000,
    textSizeTiers: { small: 1_000, medium: 5_000, large: 25_000 },
    operationTtls: {
      summarize: 14_400,
      sentiment: 7_200,
      key_points: 10_800,
      questions: 9_600,
      qa: 7_200,
    },
    keyStyle: 'hashed',
  },
}

export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]]
