import type { BenchmarkResult } from '../benchmark-result.js'
import { type BenchmarkSuite, calculateOverallScore } from '../benchmark-suite.js'
import { type BenchmarkThresholds, DEFAULT_THRESHOLDS } from '../config/thresholds.js'
import { figure, percent, recommendationsOf } from './figures.js'
import type { ReportOptions } from './text.js'
import { passes } from './thresholds-check.js'

/** Share of the scenarios that must finish, so that the report of CI passes. */
const CI_PASS_RATE = 0.9

const COLUMNS: readonly [title: string, cell: (result: BenchmarkResult) => string][] = [
  ['Scenario', ({ operationType }) => operationType],
  ['Cache', ({ cacheName }) => escaped(cacheName)],
  ['Average, ms', ({ avgDurationMs }) => figure(avgDurationMs)],
  ['p95, ms', ({ p95DurationMs }) => figure(p95DurationMs)],
  ['p99, ms', ({ p99DurationMs }) => figure(p99DurationMs)],
  ['Per second', ({ operationsPerSecond }) => figure(operationsPerSecond)],
  ['Memory, MiB', ({ memoryUsageMb }) => figure(memoryUsageMb)],
  ['Hit rate', ({ cacheHitRate }) => (cacheHitRate === undefined ? '' : percent(cacheHitRate))],
]

/** Returns a report of a suite as Markdown. */
export function formatMarkdownReport(suite: BenchmarkSuite, options: ReportOptions = {}): string {
  const { thresholds = DEFAULT_THRESHOLDS } = options
  const { runtimeVersion, platform, processor, cpuCount } = suite.environmentInfo
  return [
    `# ${escaped(suite.name)}`,
    '',
    `${suite.timestamp}, ${runtimeVersion}, ${platform}, ${cpuCount} x ${escaped(processor)}.`,
    `Score ${calculateOverallScore(suite).toFixed(1)} of 100, performance ${suite.performanceGrade}, ` +
      `memory ${suite.memoryEfficiencyGrade}.`,
    '',
    ...tableLines(suite, thresholds),
    ...suite.failedBenchmarks.map(
      ({ operationType, error }) => `- **${operationType} failed:** ${escaped(error)}`,
    ),
    '## Recommendations',
    '',
    ...recommendationsOf(suite, thresholds).map((recommendation) => `- ${recommendation}`),
    '',
  ].join('\n')
}

/**
 * Returns a report of a suite for the summary of a CI job: Markdown with badges. It passes if at least 90 %
 * of the scenarios finished and no result exceeds a critical limit.
 */
export function formatCiReport(suite: BenchmarkSuite, options: ReportOptions = {}): string {
  const { thresholds = DEFAULT_THRESHOLDS } = options
  const isWithin = suite.results.every((result) => passes(result, thresholds))
  const isPassed = suite.passRate >= CI_PASS_RATE && isWithin
  const rate = `${Math.round(suite.passRate * 100)}%`
  return [
    `## Cache benchmark: ${isPassed ? 'PASS' : 'FAIL'}`,
    '',
    [
      badge('benchmark', isPassed ? 'pass' : 'fail', isPassed ? 'green' : 'red'),
      badge('finished', rate, suite.passRate >= CI_PASS_RATE ? 'green' : 'red'),
      badge('grade', suite.performanceGrade, 'blue'),
    ].join(' '),
    '',
    ...tableLines(suite, thresholds),
    ...suite.failedBenchmarks.map(
      ({ operationType, error }) => `- **${operationType} failed:** ${escaped(error)}`,
    ),
    '',
  ].join('\n')
}

function tableLines(suite: BenchmarkSuite, thresholds: BenchmarkThresholds): string[] {
  if (suite.results.length === 0) return []
  const rows = suite.results.map((result) => [
    ...COLUMNS.map(([, cell]) => cell(result)),
    passes(result, thresholds) ? 'PASS' : 'FAIL',
  ])
  return [
    row([...COLUMNS.map(([title]) => title), 'Verdict']),
    row([...COLUMNS.map((_, index) => (index < 2 ? '---' : '---:')), '---']),
    ...rows.map(row),
    '',
  ]
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function badge(label: string, value: string, color: string): string {
  const text = `${label}-${value.replaceAll('-', '--')}-${color}`
  return `![${label}: ${value}](https://img.shields.io/badge/${encodeURIComponent(text)})`
}

/** Escapes the characters that would end a cell of a table or start HTML. */
function escaped(text: string): string {
  return text.replaceAll(/[|<>\\`]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ')
}
