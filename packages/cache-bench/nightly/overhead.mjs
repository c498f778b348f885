// Prints the time that the harness adds to a call, and the percentiles of a cache that stalls for 100 ms every
// second: in an open loop, and in a closed loop that hides the stalls.
import { closedLoop, measureOperation, medianInterval, openLoop } from '../dist/index.js'

console.log('| harness | median, ns | 95 % interval |')
console.log('| --- | ---: | ---: |')
const OPERATIONS = {
  'empty function': () => undefined,
  'empty async function': async () => undefined,
}
for (const [name, operation] of Object.entries(OPERATIONS)) {
  const { samplesNs } = await measureOperation(operation)
  const { median, low, high } = medianInterval(samplesNs)
  console.log(`| ${name} | ${median.toFixed(2)} | ${low.toFixed(2)}-${high.toFixed(2)} |`)
}

const startedAt = performance.now()
const stalling = async () => {
  const elapsed = (performance.now() - startedAt) % 1_000
  if (elapsed < 100) await new Promise((resolve) => setTimeout(resolve, 100 - elapsed))
}
console.log('\n| a stall of 100 ms every second | p50, ms | p90, ms | p99, ms | longest, ms |')
console.log('| --- | ---: | ---: | ---: | ---: |')
const LOADS = {
  'open loop, 500 calls per second': () =>
    openLoop(stalling, { ratePerSecond: 500, durationMs: 5_000 }),
  'closed loop, one caller': () => closedLoop(stalling, { durationMs: 5_000 }),
}
for (const [name, load] of Object.entries(LOADS)) {
  const { latencies } = await load()
  const { p50, p90, p99, max } = latencies.percentiles()
  console.log(`| ${name} | ${[p50, p90, p99, max].map((value) => value.toFixed(3)).join(' | ')} |`)
}
