// What it costs to be watched: nanoseconds for each record, what a hit in memory loses by a monitor, and
// what ten million records leave in memory. Takes a minute. Every cell is run in processes of its own.
import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

const PROCESSES = 7
const CELL = fileURLToPath(new URL('cell.mjs', import.meta.url))

const RECORDS = {
  'record nothing': 'to a monitor that does nothing',
  'record timed': 'of an operation that was timed',
  'record untimed': 'of one that was not',
  'record key': 'of a key',
}
const HITS = {
  'hit unwatched': 'without a monitor',
  'hit idle': 'with one that does nothing',
  'hit watched': 'with a CachePerformanceMonitor',
}

function run(name) {
  return Number(execFileSync(process.execPath, ['--expose-gc', CELL, name], { encoding: 'utf8' }))
}

function quartiles(values) {
  const sorted = values.toSorted((one, other) => one - other)
  return [0.5, 0.25, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))])
}

const load = loadavg()[0]
const names = [...Object.keys(RECORDS), ...Object.keys(HITS)]
const figures = Object.fromEntries(names.map((name) => [name, []]))
// In turns, so that other work of the machine affects all of them alike.
for (let round = 0; round < PROCESSES; round++) {
  for (const name of names) figures[name].push(run(name))
}

const shown = (values) => {
  const [median, low, high] = quartiles(values).map((value) => value.toFixed(1))
  return `${median} (${low}-${high})`
}
console.log(
  `Node ${process.version}, ${cpus().length} cores, load ${load.toFixed(1)} at the start; ` +
    `medians and quartiles of ${PROCESSES} processes\n`,
)
console.log('| A record | ns |\n| -- | -- |')
for (const [name, what] of Object.entries(RECORDS))
  console.log(`| ${what} | ${shown(figures[name])} |`)

const [floor] = quartiles(figures['hit unwatched'])
console.log('\n| A hit in memory | ns | speed |\n| -- | -- | -- |')
for (const [name, what] of Object.entries(HITS)) {
  const [median] = quartiles(figures[name])
  console.log(`| ${what} | ${shown(figures[name])} | ${(floor / median).toFixed(2)} |`)
}
console.log(
  `\nTen million records leave ${(run('heap') / 2 ** 20).toFixed(2)} MB more than a thousand.`,
)
