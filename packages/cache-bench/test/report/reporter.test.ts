import { describe, expect, test } from 'vitest'
import {
  CachePerformanceBenchmark,
  detectFormatFromEnvironment,
  environmentInfo,
  type ReportFormat,
  reporter,
} from '../../src/index.js'
import { resultWith, suiteWith } from '../results.js'

const slow = resultWith({
  operationType: 'memory_cache_performance',
  cacheName: 'a|<b>',
  avgDurationMs: 6,
  p95DurationMs: 6,
  p99DurationMs: 6,
})
const suite = suiteWith([resultWith({ avgDurationMs: 6, performanceGrade: 'Good' }), slow], {
  passRate: 2 / 3,
  failedBenchmarks: [{ operationType: 'compression_efficiency', error: 'broken' }],
})

test.each(['text', 'markdown', 'ci', 'json'] as const)(
  'the report in the format %s has real line ends',
  (format) => {
    const report = reporter(format).report(suite)
    expect(report).not.toContain('\\n')
    expect(report.split('\n').length).toBeGreaterThan(10)
    expect(report.endsWith('\n')).toBe(true)
  },
)

describe('the text report', () => {
  test('compares each scenario with its own limits', () => {
    const report = new CachePerformanceBenchmark().generatePerformanceReport(suite)
    expect(report).toContain('BASIC_OPERATIONS: PASS')
    expect(report).toContain('MEMORY_CACHE_PERFORMANCE: FAIL')
    expect(report).toContain('critical: average 6 ms, limit 5 ms')
    expect(report).toContain('compression_efficiency: broken')
  })

  test('has all sections', () => {
    const titles = ['ENVIRONMENT', 'BENCHMARK RESULTS', 'FAILED BENCHMARKS']
    const lines = reporter('text').report(suite).split('\n')
    for (const title of [...titles, 'PERFORMANCE ANALYSIS', 'RECOMMENDATIONS']) {
      expect(lines).toContain(title)
    }
    expect(reporter('text').report(suiteWith([]))).not.toContain('FAILED BENCHMARKS')
  })
})

test('the Markdown report escapes names and lists failures', () => {
  const report = reporter('markdown').report(suite)
  expect(report).toContain(
    '| memory_cache_performance | a\\|\\<b\\> | 6 | 6 | 6 | 500 | 5 | 100 % | FAIL |',
  )
  expect(report).toContain('- **compression_efficiency failed:** broken')
})

test.each([
  [1, [resultWith()], 'PASS'],
  [0.9, [resultWith()], 'PASS'],
  [0.89, [resultWith()], 'FAIL'],
  [1, [slow], 'FAIL'],
])('the CI report with a pass rate of %d is a %s', (passRate, results, verdict) => {
  const report = reporter('ci').report(suiteWith(results, { passRate }))
  expect(report).toContain(`## Cache benchmark: ${verdict}`)
  expect(report).toContain('![benchmark: ')
})

test('the JSON report has a schema version, an analysis and computed metrics', () => {
  expect(JSON.parse(reporter('json').report(suite))).toMatchObject({
    schema_version: '1.0',
    suite: { pass_rate: 2 / 3, failed_benchmarks: [{ error: 'broken' }] },
    analysis: {
      passed: false,
      exceeded_limits: [
        { operation_type: 'memory_cache_performance', figure: 'average', severity: 'critical' },
      ],
    },
    computed_metrics: { total_iterations: 200, highest_operations_per_second: 500 },
  })
})

test.each([
  [{}, 'text'],
  [{ CI: 'true' }, 'ci'],
  [{ CI: 'false', BENCHMARK_REPORT_FORMAT: 'json' }, 'json'],
  [{ CONTINUOUS_INTEGRATION: '1' }, 'ci'],
  [{ GITHUB_ACTIONS: 'true' }, 'ci'],
  [{ GITLAB_CI: 'yes', BENCHMARK_REPORT_FORMAT: 'json' }, 'ci'],
  [{ BENCHMARK_REPORT_FORMAT: ' Markdown ' }, 'markdown'],
])('the format for %j is %s', (variables, format) => {
  expect(detectFormatFromEnvironment(variables as NodeJS.ProcessEnv)).toBe(format)
})

test('an unknown format is rejected', () => {
  expect(() => detectFormatFromEnvironment({ BENCHMARK_REPORT_FORMAT: 'pdf' })).toThrow(
    "BENCHMARK_REPORT_FORMAT must be one of 'text', 'markdown', 'json', 'ci', 'html'; received a string",
  )
  expect(() => reporter('pdf' as ReportFormat)).toThrow('format must be one of')
})

test('the environment shows neither passwords nor keys', () => {
  const { environmentVariables } = environmentInfo({
    DEBUG: '1',
    REDIS_URL: 'redis://user:s3cret@host',
    API_KEY: 's3cret',
  })
  expect(environmentVariables).toEqual({
    DEBUG: '1',
    REDIS_URL: 'redis://***',
    RESILIENCE_PRESET: 'not_set',
    API_KEY: '***',
  })
})
