import { isPlainObject } from '@verbatim/cache-core/implement'
import {
  type CompleteConfig,
  type ConfigValues,
  DEFAULTS,
  LOCATIONS,
  type PresetName,
} from './settings.js'

/** Returns the fields without those that are undefined. */
export function givenOf(values: ConfigValues): ConfigValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/**
 * Merges two sets of fields. A field of `over` wins, and so does each operation in its `operationTtls`.
 * A location of Redis in `over` replaces every location in `under`.
 */
export function mergeFields(under: ConfigValues, over: ConfigValues): ConfigValues {
  const isMoved = LOCATIONS.some((name) => over[name] !== undefined)
  const rest = Object.entries(under).filter(
    ([name]) => !isMoved || !LOCATIONS.some((location) => location === name),
  )
  const [before, after] = [under.operationTtls, over.operationTtls]
  // validate() reports a value that is not a plain object.
  const isMerged = isPlainObject(before) && isPlainObject(after)
  const tables = isMerged ? { operationTtls: { ...before, ...after } } : {}
  return { ...Object.fromEntries(rest), ...over, ...tables }
}

/** Returns the fields of a configuration, over those of its preset. */
export function withPreset({ preset, ...given }: ConfigValues): ConfigValues {
  const isKnown = preset !== undefined && Object.hasOwn(PRESETS, preset)
  return isKnown ? mergeFields(PRESETS[preset], given) : given
}

/** Returns all settings in effect. */
export function withDefaults(values: ConfigValues): CompleteConfig {
  return mergeFields(DEFAULTS, withPreset(givenOf(values))) as CompleteConfig
}

/** The settings of each preset. Settings that a preset leaves out keep their defaults. */
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
    // Readable keys would show prompts to everyone who can list the keys.
    keyStyle: 'hashed',
    allowPlainText: false,
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
    allowPlainText: false,
  },
}

export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]]
