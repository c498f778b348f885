import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'

const VITEST = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
)

export interface TestResult {
  readonly suite: string
  readonly title: string
  readonly passed: boolean
}

interface JsonReport {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** Runs the tests of a folder in a process of its own and tells how each of them ended. */
export async function runVitest(folder: string): Promise<TestResult[]> {
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [VITEST, 'run', '--root', folder, '--reporter=json'],
      { cwd: folder, maxBuffer: 2 ** 26, timeout: 280_000 },
      // Failed tests make a failed process; the report on standard output counts, not its exit.
      (_error, stdout, stderr) => resolve(stdout.slice(stdout.indexOf('{')) || stderr),
    )
  })
  const report = JSON.parse(output) as JsonReport
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  if (results.length === 0) throw new Error(`no test ran: ${output}`)
  return results.map(({ ancestorTitles: [suite = ''], title, status }) => ({
    suite,
    title,
    passed: status === 'passed',
  }))
}
