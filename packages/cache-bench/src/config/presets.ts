import { type BenchmarkThresholds, DEFAULT_THRESHOLDS } from './thresholds.js'

/** Names of the presets of `BenchmarkConfig`. */
export const PRESET_NAMES = ['development', 'testing', 'production', 'ci'] as const

/** Name of a preset of `BenchmarkConfig`. */
export type PresetName = (typeof PRESET_NAMES)[number]

/** The fields of a configuration that presets set. */
export interface Preset {
  readonly defaultIterations: number
  readonly warmupIterations: number
  readonly timeoutSeconds: number
  readonly thresholds: BenchmarkThresholds
}

const { successRatePercent } = DEFAULT_THRESHOLDS

/** The presets: `production` has the strictest limits, `development` the widest. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  development: {
    defaultIterations: 50,
    warmupIterations: 5,
    timeoutSeconds: 120,
    thresholds: {
      basicOperations: { avgMs: 100, p95Ms: 200, p99Ms: 400 },
      memoryCache: { avgMs: 10, p95Ms: 20, p99Ms: 40 },
      compression: { avgMs: 200, p95Ms: 400, p99Ms: 800 },
      memoryUsageMb: { warning: 100, critical: 200 },
      regressionPercent: { warning: 15, critical: 30 },
      successRatePercent,
    },
  },
  testing: {
    defaultIterations: 100,
    warmupIterations: 10,
    timeoutSeconds: 300,
    thresholds: DEFAULT_THRESHOLDS,
  },
  production: {
    defaultIterations: 500,
    warmupIterations: 20,
    timeoutSeconds: 600,
    thresholds: {
      basicOperations: { avgMs: 25, p95Ms: 50, p99Ms: 100 },
      memoryCache: { avgMs: 2, p95Ms: 5, p99Ms: 10 },
      compression: { avgMs: 50, p95Ms: 100, p99Ms: 200 },
      memoryUsageMb: { warning: 25, critical: 50 },
      regressionPercent: { warning: 5, critical: 10 },
      successRatePercent,
    },
  },
  ci: {
    defaultIterations: 200,
    warmupIterations: 10,
    timeoutSeconds: 400,
    thresholds: {
      basicOperations: { avgMs: 75, p95Ms: 150, p99Ms: 300 },
      memoryCache: { avgMs: 7, p95Ms: 15, p99Ms: 30 },
      compression: { avgMs: 150, p95Ms: 300, p99Ms: 600 },
      memoryUsageMb: { warning: 75, critical: 150 },
      regressionPercent: { warning: 12, critical: 20 },
      successRatePercent,
    },
  },
}
