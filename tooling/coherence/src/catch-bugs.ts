import { parseArgs } from 'node:util'
import requireRedis from '@verbatim/test-support/require-redis'
import type { Bug, BugSetUp } from './bugs/bug.js'
import { BUGS, bugNamed } from './bugs/bugs.js'
import { runCoherence } from './coherence-run.js'
import { findingsOf, kindsFoundIn, operationsOf } from './report.js'
import { DEFAULT_OPTIONS, type RunOptions, withoutMemory } from './run-options.js'

/** Checks that runs without a bug find nothing, and that runs with each bug find it. */

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const { values, positionals } = parseArgs({
  options: {
    /** Longest run in seconds. */
    seconds: { type: 'string', default: '120' },
    /** Duration of the run without a bug per set-up, in seconds. */
    'sound-seconds': { type: 'string', default: '20' },
    /** Seeds that are tried in order until a bug is caught. */
    seeds: { type: 'string', default: '1,2,3' },
  },
  allowPositionals: true,
})
const bugs = positionals.length === 0 ? BUGS : positionals.map(bugNamed)
const seeds = values.seeds.split(',').map(Number)

function optionsFor(setUp: BugSetUp, seed: number, bug?: Bug): RunOptions {
  const seconds = Number(bug === undefined ? values['sound-seconds'] : values.seconds)
  const options = {
    ...{ ...DEFAULT_OPTIONS, operations: Number.POSITIVE_INFINITY },
    ...{ ...setUp, seconds: Math.min(setUp.seconds ?? seconds, seconds) },
    ...{ bug: bug?.name, seed, stopsAtFirstViolation: bug !== undefined },
  }
  return setUp.memory ? options : withoutMemory(options)
}

async function isSound(setUp: BugSetUp): Promise<boolean> {
  const report = await runCoherence(optionsFor(setUp, seeds[0] ?? 1))
  if (findingsOf(report) === 0) return true
  const what = [...report.histories, ...report.problemTexts].slice(0, 1).join('')
  console.log(`UNSOUND without a bug: ${JSON.stringify(setUp)}: ${kindsFoundIn(report)}\n${what}`)
  return false
}

/** Returns whether a run with the bug found something. */
async function isCaught(bug: Bug): Promise<boolean> {
  let operations = 0
  for (const seed of seeds) {
    const report = await runCoherence(optionsFor(bug.setUp, seed, bug))
    operations += operationsOf(report)
    if (findingsOf(report) === 0) continue
    const { firstFindingAfterSeconds: seconds = report.seconds } = report
    const after = `${seconds.toFixed(1)} s`
    console.log(
      `| \`${bug.name}\` | ${bug.breaks} | ${seed} | ${kindsFoundIn(report)} | ${after} |`,
    )
    return true
  }
  const missed = `MISSED in ${operations} operations`
  console.log(`| \`${bug.name}\` | ${bug.breaks} | ${values.seeds} | ${missed} | |`)
  return false
}

await requireRedis()
const setUps = new Map(bugs.map(({ setUp }) => [JSON.stringify(setUp), setUp]))
let sound = 0
if (Number(values['sound-seconds']) > 0) {
  for (const setUp of setUps.values()) if (await isSound(setUp)) sound++
  console.log(`${sound} of ${setUps.size} set-ups are sound without a bug`)
} else sound = setUps.size
let caught = 0
for (const bug of bugs) if (await isCaught(bug)) caught++
console.log(`${caught} of ${bugs.length} bugs caught`)
process.exitCode = sound === setUps.size && caught === bugs.length ? 0 : 1
