// Runs every cell in processes of its own, and prints the results.
//   --processes 5   how often each cell is run
//   --seed 1        the order of the runs
//   --from FILE     only prints the results of an earlier run
//   --publish       writes results/published.json, which is committed
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTENDERS } from './caches.mjs'
import { report } from './report.mjs'

const { values: options } = parseArgs({
  options: {
    processes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string' },
    publish: { type: 'boolean', default: false },
  },
})
if (options.from !== undefined) {
  console.log(report(JSON.parse(readFileSync(options.from, 'utf8')), CONTENDERS))
  process.exit()
}
const processes = Number(options.processes)
const seed = Number(options.seed)

const MAJORS = ['20', '22']
const OURS = ["ours, 'none'", "ours, 'none', monitored", "ours, 'freeze'", "ours, 'clone'"]
const BY_LOADING_ONLY = new Set(['@epic-web/cachified on lru-cache'])
const WITHOUT_LOADING = new Set(['keyv', 'keyv, serialization: false', 'unstorage'])
/** Caches that are measured at several sizes: only those that store references. */
const SIZED = ["ours, 'none'", 'lru-cache', 'layered-loader']

/** The figures of the targets are measured more often, because a ratio has the noise of both figures. */
const OFTEN = {
  get: [...OURS, 'lru-cache'],
  getOrSet: ["ours, 'none'", 'lru-cache'],
}

const all = Object.keys(CONTENDERS)
const peers = all.filter((name) => !OURS.includes(name))
/** @type {Record<string, string[]>} */
const CELLS = {
  get: all.filter((name) => !BY_LOADING_ONLY.has(name)),
  getOrSet: all.filter((name) => !WITHOUT_LOADING.has(name)),
  set: all.filter((name) => !BY_LOADING_ONLY.has(name)),
  cold: all.filter((name) => !WITHOUT_LOADING.has(name)),
  'size 1,000': SIZED,
  'size 1,000,000': SIZED,
}

const startedAt = performance.now()
const binaries = Object.fromEntries(MAJORS.map((major) => [major, nodeBinary(major)]))
const result = {
  date: new Date().toISOString(),
  seed,
  processes,
  machine: {
    cores: cpus().length,
    model: cpus()[0]?.model,
    gigabytes: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    /** Load of the machine at the start and after every 50 runs. This run adds 1 to it. */
    load: [loadavg()[0]],
  },
  versions: Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
  seconds: 0,
  /** @type {Record<string, { version: string, failures: Record<string, string[]>, figures: Record<string, Record<string, number[]>> }>} */
  nodes: {},
}

for (const [major, binary] of Object.entries(binaries)) {
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
  const failures = Object.fromEntries(all.map((name) => [name, run(binary, 'gate', name).failures]))
  result.nodes[major] = { version, failures, figures: {} }
  for (const [name, list] of Object.entries(failures)) {
    if (list.length > 0) console.error(`${version}: ${name} fails the gate: ${list.join('; ')}`)
  }
}

/** @type {{ major: string, measurement: string, name: string }[]} */
const runs = []
for (const major of MAJORS) {
  for (const [measurement, names] of Object.entries(CELLS)) {
    for (const name of names) {
      if (result.nodes[major].failures[name].length > 0) continue
      const times = OFTEN[measurement]?.includes(name) ? 2 * processes + 1 : processes
      for (let time = 0; time < times; time++) runs.push({ major, measurement, name })
    }
  }
}
shuffle(runs)
for (const [index, { major, measurement, name }] of runs.entries()) {
  if (index % 50 === 0) {
    console.error(`${index} of ${runs.length} processes`)
    result.machine.load.push(loadavg()[0])
  }
  const ofName = (result.nodes[major].figures[name] ??= {})
  for (const [figure, value] of Object.entries(run(binaries[major], measurement, name))) {
    const place = measurement.startsWith('size') ? `${figure}, ${measurement}` : figure
    ofName[place] ??= []
    ofName[place].push(Number(value.toPrecision(5)))
  }
}
result.seconds = Math.round((performance.now() - startedAt) / 1_000)

const time = result.date.replaceAll(':', '-').slice(0, 19)
for (const file of options.publish ? [time, 'published'] : [time]) {
  writeFileSync(new URL(`results/${file}.json`, import.meta.url), JSON.stringify(result))
}
console.log(report(result, CONTENDERS))

/** Runs one cell in a fresh process. */
function run(binary, measurement, name) {
  const cell = fileURLToPath(new URL('cell.mjs', import.meta.url))
  const output = execFileSync(binary, ['--expose-gc', cell, measurement, name], {
    encoding: 'utf8',
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

/** Returns the path of a Node of this version. npx downloads a missing one. */
function nodeBinary(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const output = execFileSync(
    'npx',
    ['--yes', '-p', `node@${major}`, '-c', 'node -p process.execPath'],
    {
      encoding: 'utf8',
    },
  )
  return output.trim().split('\n').at(-1) ?? ''
}

function versionOf(name) {
  const file = new URL(`node_modules/${CONTENDERS[name].installed}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}

/** @param {unknown[]} list */
function shuffle(list) {
  let state = seed
  for (let index = list.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    // The high bits, because the low bits of such a generator repeat after a few steps.
    const other = Math.floor((state / 2 ** 32) * (index + 1))
    const item = list[index]
    list[index] = list[other]
    list[other] = item
  }
}
