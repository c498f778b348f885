import { parseArgs } from 'node:util'
import requireRedis from '@verbatim/test-support/require-redis'
import type { Bug, BugSetUp } from './bugs/bug.js'
import { BUGS, bugNamed } from './bugs/bugs.js'
import { runCoherence } from './coherence-run.js'
import { type CoherenceReport, findingsOf } from './report.js'
import { DEFAULT_OPTIONS, type RunOptions } from './run-options.js'

/** Whether the run without any bug finds nothing, and the runs with each bug find it. */

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
})
const bugs = positionals.length === 0 ? BUGS : positionals.map(bugNamed)

function optionsFor(setUp: BugSetUp, bug?: Bug): RunOptions {
  const options = {
    ...DEFAULT_OPTIONS,
    seconds: Number(values.seconds),
    ...setUp,
    bug: bug?.name,
    seed: Number(values.seed),
    stopsAtFirstViolation: bug !== undefined,
  }
  return setUp.memory ? options : { ...options, lostBoundMs: options.healthyBoundMs }
}

await requireRedis()
const sound = new Map<string, boolean>()
let caught = 0
for (const bug of bugs) {
  const setUp = JSON.stringify(bug.setUp)
  if (!sound.has(setUp)) {
    const report = await runCoherence(optionsFor(bug.setUp))
    sound.set(setUp, findingsOf(report) === 0)
    console.log(`${sound.get(setUp) === true ? 'sound  ' : 'UNSOUND'} without any bug: ${setUp}`)
    for (const what of [...report.histories, ...report.troubleTexts].slice(0, 1)) console.log(what)
  }
  const report = await runCoherence(optionsFor(bug.setUp, bug))
  const isSound = sound.get(setUp) === true
  if (findingsOf(report) > 0 && isSound) caught++
  console.log(verdictOn(bug, report) + (isSound ? '' : '; but something was found without it too'))
}
console.log(`${caught} of ${bugs.length} caught, seed ${values.seed}`)
process.exitCode = caught === bugs.length ? 0 : 1

function verdictOn({ name }: Bug, report: CoherenceReport): string {
  if (findingsOf(report) === 0) return `MISSED  ${name}`
  const kinds = Object.keys({ ...report.violations, ...report.troubles }).join(', ')
  return `caught  ${name} after ${report.firstFindingAfterSeconds?.toFixed(1)} s: ${kinds}`
}
