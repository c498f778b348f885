import type { ConfigValues, TextSizeTiers } from './config-values.js'

export const DEFAULT_TEXT_SIZE_TIERS: TextSizeTiers = { small: 500, medium: 5_000, large: 50_000 }

/** What a field is that nobody has given. */
const DEFAULTS = {
  redisUrl: 'redis://redis:6379',
  defaultTtl: 3_600,
  enableL1Cache: true,
  l1CacheSize: 100,
  compressionThreshold: 1_000,
  compressionLevel: 6,
  textHashThreshold: 1_000,
  hashAlgorithm: 'sha256',
  keyStyle: 'readable',
  textSizeTiers: DEFAULT_TEXT_SIZE_TIERS,
  operationTtls: {},
  commandTimeout: 200,
  onBackendError: 'degrade',
} as const satisfies Required<ConfigValues>

/** All fields, none of them undefined. */
export type CompleteConfig = {
  readonly [Name in keyof ConfigValues]-?: NonNullable<ConfigValues[Name]>
}

export function withDefaults(given: ConfigValues): CompleteConfig {
  return { ...DEFAULTS, ...givenOf(given) } as CompleteConfig
}

/** Without what is undefined: that is as good as not given. */
export function givenOf(values: ConfigValues): ConfigValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

const LOCAL = 'redis://localhost:6379'

export type PresetName =
  | 'default'
  | 'development'
  | 'testing'
  | 'production'
  | 'ai-development'
  | 'ai-production'

/** Settings that belong together. What a preset leaves out is as in `default`. */
export const PRESETS: Readonly<Record<PresetName, ConfigValues>> = {
  default: {},
  development: {
    redisUrl: LOCAL,
    defaultTtl: 1_800,
    l1CacheSize: 50,
    compressionThreshold: 2_000,
    compressionLevel: 3,
    textHashThreshold: 2_000,
  },
  testing: {
    redisUrl: LOCAL,
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
    // Prompts are nobody's business who can list the keys.
    keyStyle: 'hashed',
  },
  'ai-development': {
    redisUrl: LOCAL,
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

export const PRESET_NAMES: readonly PresetName[] = Object.keys(PRESETS) as PresetName[]
