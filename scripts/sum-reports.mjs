// Sums the reports of all test runs for the last line of CI, and names each test that passed only when it was
// repeated. Fails if a test failed or none ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../reports/', import.meta.url)
const total = { passed: 0, failed: 0, skipped: 0 }
for (const file of existsSync(folder) ? readdirSync(folder) : []) {
  const report = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  const counts = {
    passed: report.numPassedTests,
    failed:
      report.numFailedTests +
      (report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? 1 : 0),
    skipped: report.numPendingTests + report.numTodoTests,
  }
  for (const name of Object.keys(total)) total[name] += counts[name]
  for (const test of repeatedTests(report)) console.log(`repeated: ${test}`)
  console.log(
    `${file}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  )
}
console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.passed > 0 && total.failed === 0 ? 0 : 1

/** Returns the names of the tests that failed first and passed then. */
function repeatedTests({ testResults }) {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
    .map(({ fullName }) => fullName)
}
