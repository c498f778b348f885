import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ConfigurationError } from '@verbatim/cache-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BenchmarkConfig, DEFAULT_THRESHOLDS } from '../../src/index.js'

test('the default configuration is that of testing', () => {
  expect(Object.assign({}, new BenchmarkConfig())).toEqual({
    defaultIterations: 100,
    warmupIterations: 10,
    timeoutSeconds: 300,
    enableMemoryTracking: true,
    enableCompressionTests: true,
    thresholds: DEFAULT_THRESHOLDS,
    environment: 'testing',
    customSettings: {},
  })
})

test.each([
  ['development', '50/5/120', '100/200/400', '10/20/40', '200/400/800', '100/200', '15/30'],
  ['testing', '100/10/300', '50/100/200', '5/10/20', '100/200/500', '50/100', '10/25'],
  ['production', '500/20/600', '25/50/100', '2/5/10', '50/100/200', '25/50', '5/10'],
  ['ci', '200/10/400', '75/150/300', '7/15/30', '150/300/600', '75/150', '12/20'],
] as const)(
  'the preset %s has iterations %s, limits %s, %s and %s ms, memory %s MiB and regressions %s %%',
  (preset, counts, basic, memory, compression, megabytes, percent) => {
    const config = new BenchmarkConfig({ preset })
    const { defaultIterations, warmupIterations, timeoutSeconds, thresholds } = config
    expect([defaultIterations, warmupIterations, timeoutSeconds].join('/')).toBe(counts)
    expect(Object.values(thresholds.basicOperations).join('/')).toBe(basic)
    expect(Object.values(thresholds.memoryCache).join('/')).toBe(memory)
    expect(Object.values(thresholds.compression).join('/')).toBe(compression)
    expect(Object.values(thresholds.memoryUsageMb).join('/')).toBe(megabytes)
    expect(Object.values(thresholds.regressionPercent).join('/')).toBe(percent)
    expect(Object.values(thresholds.successRatePercent).join('/')).toBe('95/90')
    expect(config.environment).toBe(preset)
  },
)

test.each([
  [{ defaultIterations: 0 }, 'defaultIterations must be an integer from 1 to 1000000; received 0'],
  [{ warmupIterations: -1 }, 'warmupIterations must be an integer from 0 to 1000000; received -1'],
  [{ timeoutSeconds: 0 }, 'timeoutSeconds must be a number above 0'],
  [{ environment: ' ' }, 'environment must be a text that is not blank; received a string'],
  [{ preset: 'fast' }, 'preset must be one of development, testing, production, ci'],
  [{ iterations: 5 }, 'unknown field iterations'],
  [{ enableMemoryTracking: 'yes' }, 'enableMemoryTracking must be true or false'],
  [{ thresholds: { basic: {} } }, 'thresholds must not have the unknown field basic'],
  [
    { thresholds: { memoryCache: { avg: 1 } } },
    'thresholds.memoryCache must not have the unknown field avg. Did you mean avgMs?',
  ],
  [
    { thresholds: { memoryCache: { avgMs: 11 } } },
    'thresholds.memoryCache.p95Ms must be at least avgMs; received 10',
  ],
  [
    { thresholds: { basicOperations: { p99Ms: 99 } } },
    'thresholds.basicOperations.p99Ms must be at least p95Ms; received 99',
  ],
  [
    { thresholds: { regressionPercent: { warning: 25 } } },
    'thresholds.regressionPercent.critical must be above warning; received 25',
  ],
  [
    { thresholds: { successRatePercent: { warning: 101 } } },
    'thresholds.successRatePercent.warning must be at most 100; received 101',
  ],
  [
    { thresholds: { successRatePercent: { critical: 96 } } },
    'thresholds.successRatePercent.critical must be at most warning; received 96',
  ],
])('the options %j are rejected', (options, message) => {
  const create = (): unknown => new BenchmarkConfig(options as never)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(message)
})

describe('fromEnvironment', () => {
  test('reads every variable', () => {
    const config = BenchmarkConfig.fromEnvironment({
      BENCHMARK_DEFAULT_ITERATIONS: '7',
      BENCHMARK_WARMUP_ITERATIONS: '0',
      BENCHMARK_TIMEOUT_SECONDS: '1.5',
      BENCHMARK_ENABLE_MEMORY_TRACKING: 'off',
      BENCHMARK_ENABLE_COMPRESSION_TESTS: 'No',
      BENCHMARK_ENVIRONMENT: 'staging',
      BENCHMARK_THRESHOLD_BASIC_OPS_AVG_MS: '1',
      BENCHMARK_THRESHOLD_BASIC_OPS_P95_MS: '2',
      BENCHMARK_THRESHOLD_BASIC_OPS_P99_MS: '3',
      BENCHMARK_THRESHOLD_MEMORY_CACHE_AVG_MS: '4',
      BENCHMARK_THRESHOLD_MEMORY_CACHE_P95_MS: '5',
      BENCHMARK_THRESHOLD_MEMORY_CACHE_P99_MS: '6',
      BENCHMARK_THRESHOLD_COMPRESSION_AVG_MS: '7',
      BENCHMARK_THRESHOLD_COMPRESSION_P95_MS: '8',
      BENCHMARK_THRESHOLD_COMPRESSION_P99_MS: '9',
      BENCHMARK_THRESHOLD_MEMORY_USAGE_WARNING_MB: '10',
      BENCHMARK_THRESHOLD_MEMORY_USAGE_CRITICAL_MB: '11',
      BENCHMARK_THRESHOLD_REGRESSION_WARNING_PCT: '12',
      BENCHMARK_THRESHOLD_REGRESSION_CRITICAL_PCT: '13',
      BENCHMARK_THRESHOLD_SUCCESS_RATE_WARNING: '15',
      BENCHMARK_THRESHOLD_SUCCESS_RATE_CRITICAL: '14',
    })
    expect(Object.assign({}, config)).toEqual({
      defaultIterations: 7,
      warmupIterations: 0,
      timeoutSeconds: 1.5,
      enableMemoryTracking: false,
      enableCompressionTests: false,
      environment: 'staging',
      customSettings: {},
      thresholds: {
        basicOperations: { avgMs: 1, p95Ms: 2, p99Ms: 3 },
        memoryCache: { avgMs: 4, p95Ms: 5, p99Ms: 6 },
        compression: { avgMs: 7, p95Ms: 8, p99Ms: 9 },
        memoryUsageMb: { warning: 10, critical: 11 },
        regressionPercent: { warning: 12, critical: 13 },
        successRatePercent: { warning: 15, critical: 14 },
      },
    })
  })

  test('selects the preset that BENCHMARK_ENVIRONMENT names', () => {
    const config = BenchmarkConfig.fromEnvironment({ BENCHMARK_ENVIRONMENT: 'ci', PATH: '/bin' })
    expect(config).toMatchObject({ environment: 'ci', defaultIterations: 200 })
  })

  test('lists every wrong or misspelled variable without its value', () => {
    const variables = {
      BENCHMARK_DEFAULT_ITERATIONS: 's3cret',
      BENCHMARK_ENABLE_MEMORY_TRACKING: 's3cret',
      BENCHMARK_TIMEOUT_SECOND: '5',
      BENCHMARK_WARMUP_ITERATIONS: ' ',
      BENCHMARK_REPORT_FORMAT: 'json',
    }
    expect(() => BenchmarkConfig.fromEnvironment(variables)).toThrow(
      'the environment is invalid: BENCHMARK_DEFAULT_ITERATIONS must be a number; ' +
        'BENCHMARK_ENABLE_MEMORY_TRACKING must be true or false; ' +
        'BENCHMARK_TIMEOUT_SECOND is unknown. Did you mean BENCHMARK_TIMEOUT_SECONDS?',
    )
  })
})

describe('fromFile', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'benchmark-config-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function file(name: string, text: string): Promise<string> {
    await writeFile(path.join(folder, name), text)
    return path.join(folder, name)
  }

  test.each([
    ['a.json', '{ "preset": "ci", "thresholds": { "memory_cache": { "avg_ms": 6 } } }'],
    ['a.yaml', 'preset: ci\nthresholds:\n  memoryCache:\n    avgMs: 6\n'],
  ])('reads %s', async (name, text) => {
    const config = await BenchmarkConfig.fromFile(await file(name, text))
    expect(config.thresholds.memoryCache).toEqual({ avgMs: 6, p95Ms: 15, p99Ms: 30 })
  })

  test.each([
    ['bad.json', '{', 'configuration file bad.json must be JSON (.json) or YAML without aliases'],
    ['list.yaml', '- 1', 'configuration file list.yaml must contain an object'],
    ['alias.yaml', 'preset: &a ci\nenvironment: *a', 'YAML without aliases'],
    ['unknown.json', '{ "speed": 1 }', 'unknown field speed'],
  ])('rejects %s', async (name, text, message) => {
    const loading = BenchmarkConfig.fromFile(await file(name, text))
    await expect(loading).rejects.toThrow(ConfigurationError)
    await expect(loading).rejects.toThrow(message)
  })

  test('reports a file that does not exist', async () => {
    await expect(BenchmarkConfig.fromFile(path.join(folder, 'none.json'))).rejects.toThrow(
      'configuration file none.json cannot be read (ENOENT)',
    )
  })
})
