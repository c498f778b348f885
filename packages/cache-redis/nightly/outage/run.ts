// How long calls take while Redis is away, with stock settings, and how soon it is used again. Prints
// a table; the exit code is 1 if a limit is passed.
import requireRedis from '@verbatim/test-support/require-redis'
import { type Outage, OutageRun } from './outage-run.js'

/** In milliseconds; of calls, for 99 of 100. */
const LIMITS = { untilOpen: 250, whileOpen: 2, inMemory: 2, recovery: 1_000 }

const OUTAGES: Readonly<Record<string, Outage>> = {
  frozen: { begin: (redis) => redis.pause(), end: (redis) => redis.resume() },
  'killed, then refusing': {
    begin: (redis) => redis.stop('SIGKILL'),
    end: (redis) => redis.restart(),
  },
}

await requireRedis()
console.log(`Calls: how many, p50, p99 and the longest, in milliseconds.

| Redis is | until the circuit opens | while it is open | hits in memory | never settled | in use again after |
| -- | -- | -- | -- | -- | -- |`)
for (const [name, outage] of Object.entries(OUTAGES)) {
  const run = new OutageRun()
  await run.run(outage)
  if (!isWithinLimits(run)) process.exitCode = 1
  const { untilOpen, whileOpen, inMemory, unsettled, recoveryMs } = run
  const latencies = [untilOpen, whileOpen, inMemory].map((each) => each.summary()).join(' | ')
  console.log(`| ${name} | ${latencies} | ${unsettled} | ${recoveryMs.toFixed(0)} ms |`)
}

function isWithinLimits(run: OutageRun): boolean {
  return (
    run.untilOpen.percentile(99) <= LIMITS.untilOpen &&
    run.whileOpen.percentile(99) <= LIMITS.whileOpen &&
    run.inMemory.percentile(99) <= LIMITS.inMemory &&
    run.recoveryMs <= LIMITS.recovery &&
    run.unsettled === 0
  )
}
