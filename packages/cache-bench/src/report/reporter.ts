import { choiceOption } from '@verbatim/cache-core/implement'
import { type BenchmarkSuite, exportSuite } from '../benchmark-suite.js'
import { DEFAULT_THRESHOLDS } from '../config/thresholds.js'
import { computedMetrics, recommendationsOf } from './figures.js'
import { formatCiReport, formatMarkdownReport } from './markdown.js'
import { formatSuitePage } from './suite-page.js'
import { formatTextReport, type ReportOptions } from './text.js'
import { exceededLimits, passes } from './thresholds-check.js'

const FORMATS = ['text', 'markdown', 'json', 'ci', 'html'] as const

/** Format of a report. */
export type ReportFormat = (typeof FORMATS)[number]

/** Writes a suite in one format. */
export interface BenchmarkReporter {
  readonly format: ReportFormat
  /** Returns the report. */
  report(suite: BenchmarkSuite): string
}

const SCHEMA_VERSION = '1.0'

/**
 * Returns a reporter.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) for an unknown format
 * @example
 * ```ts
 * console.log(reporter('markdown').report(suite))
 * ```
 */
export function reporter(format: ReportFormat, options: ReportOptions = {}): BenchmarkReporter {
  const chosen = choiceOption('format', format, FORMATS)
  const writers: Readonly<Record<ReportFormat, (suite: BenchmarkSuite) => string>> = {
    text: (suite) => formatTextReport(suite, options),
    markdown: (suite) => formatMarkdownReport(suite, options),
    ci: (suite) => formatCiReport(suite, options),
    json: (suite) => jsonReport(suite, options),
    html: (suite) => {
      const { thresholds = DEFAULT_THRESHOLDS } = options
      return formatSuitePage(suite, recommendationsOf(suite, thresholds))
    },
  }
  return { format: chosen, report: writers[chosen] }
}

/**
 * Returns the format for an environment: `ci` where `CI`, `CONTINUOUS_INTEGRATION`, `GITHUB_ACTIONS` or
 * `GITLAB_CI` is set, otherwise that of `BENCHMARK_REPORT_FORMAT`, otherwise `text`.
 *
 * @param variables - Default: `process.env`
 * @throws ConfigurationError (`INVALID_OPTION`) for an unknown `BENCHMARK_REPORT_FORMAT`
 */
export function detectFormatFromEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): ReportFormat {
  const names = ['CI', 'CONTINUOUS_INTEGRATION', 'GITHUB_ACTIONS', 'GITLAB_CI']
  if (names.some((name) => isSet(variables[name]))) return 'ci'
  const format = variables['BENCHMARK_REPORT_FORMAT']?.trim().toLowerCase()
  return isSet(format) ? choiceOption('BENCHMARK_REPORT_FORMAT', format, FORMATS) : 'text'
}

function jsonReport(
  suite: BenchmarkSuite,
  { thresholds = DEFAULT_THRESHOLDS }: ReportOptions,
): string {
  const report = {
    schema_version: SCHEMA_VERSION,
    suite: exportSuite(suite),
    analysis: {
      passed: suite.results.every((result) => passes(result, thresholds)),
      exceeded_limits: suite.results.flatMap((result) =>
        exceededLimits(result, thresholds).map((limit) => {
          return Object.assign({ operation_type: result.operationType }, limit)
        }),
      ),
      recommendations: recommendationsOf(suite, thresholds),
    },
    computed_metrics: computedMetrics(suite),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
