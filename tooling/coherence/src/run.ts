import { writeFile } from 'node:fs/promises'
import requireRedis from '@verbatim/test-support/require-redis'
import { readArguments } from './arguments.js'
import { runCoherence } from './coherence-run.js'
import { findingsOf, formatReport } from './report.js'

// The exit of this process also ends its children.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const { options, reportFile } = readArguments(process.argv.slice(2))
await requireRedis()
const { seed, operations, faultCount, seconds } = options
console.log(`seed ${seed}: ${operations} operations, ${faultCount} faults; at most ${seconds} s\n`)
const startedAt = Date.now()
const report = await runCoherence(options, (progress) => {
  const minutes = Math.round((Date.now() - startedAt) / 60_000)
  console.log(`${minutes} min: ${progress.operations} operations, ${progress.faults} faults`)
})

for (const found of [...report.histories, ...report.problemTexts]) console.log(`${found}\n`)
console.log(formatReport(report))
if (reportFile !== undefined) await writeFile(reportFile, JSON.stringify(report, undefined, 2))
process.exitCode = findingsOf(report) === 0 ? 0 : 1
