// Runs every cell in processes of its own, in turn, and prints what came out.
//   --processes 3   how often each cell is run
//   --publish       writes results/published.json, which is committed
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { askRedis, startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { CONTENDERS } from './contenders.mjs'
import { report } from './report.mjs'

const { values: options } = parseArgs({
  options: {
    processes: { type: 'string', default: '3' },
    publish: { type: 'boolean', default: false },
  },
})
const processes = Number(options.processes)
const MEASUREMENTS = ['hit in memory', 'get from Redis', 'set in Redis', 'getOrSet, Redis frozen']
/** The measurements of a contender that cannot take part in all of them. */
const ONLY = {
  'bare ioredis': ['get from Redis', 'set in Redis'],
  'bare ioredis, bytes': ['set in Redis'],
  InMemoryCache: ['hit in memory'],
}

await requireRedis()
const redis = await startRedis()
const version = /redis_version:(\S+)/.exec(await askRedis(redis.port, 'INFO server'))?.[1]

/** @type {{ measurement: string, name: string, tuned: boolean }[]} */
const cells = MEASUREMENTS.flatMap((measurement) =>
  Object.entries(CONTENDERS).flatMap(([name, { tuned }]) => {
    if (ONLY[name]?.includes(measurement) === false) return []
    return tuned.map((isTuned) => ({ measurement, name, tuned: isTuned }))
  }),
)

const result = {
  date: new Date().toISOString(),
  node: process.version,
  redis: version,
  processes,
  machine: { cores: cpus().length, model: cpus()[0]?.model, load: loadavg()[0] },
  versions: Object.fromEntries(
    Object.entries(CONTENDERS).flatMap(([name, { installed }]) =>
      installed === undefined ? [] : [[name, versionOf(installed)]],
    ),
  ),
  /** @type {Record<string, number[]>} by cell */
  figures: {},
}
// In turns, so that other work of the machine affects all of them alike.
for (let round = 0; round < processes; round++) {
  for (const { measurement, name, tuned } of cells) {
    const cell = `${measurement} | ${name}${tuned ? ', tuned' : ''}`
    await askRedis(redis.port, 'FLUSHALL')
    const figures = (result.figures[cell] ??= [])
    figures.push(run(measurement, name, tuned))
    console.error(cell, figures.at(-1))
  }
}
if (options.publish) {
  const file = new URL('results/published.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
}
console.log(report(result))
await redis.stop()

function run(measurement, name, tuned) {
  const cell = fileURLToPath(new URL('cell.mjs', import.meta.url))
  const args = [cell, measurement, name, String(tuned), String(redis.port), String(redis.pid)]
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

function versionOf(installed) {
  const file = new URL(`node_modules/${installed}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
