// Measures keys and look-ups, and the work that they cannot avoid. Takes two minutes. Every cell runs in its
// own processes, in turns.
import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { startRedis } from '@verbatim/test-support'

const PROCESSES = 5
const CELL = fileURLToPath(new URL('cell.mjs', import.meta.url))

// The last column is that of the Python version, in Python 3.11 on another day.
const ROWS = [
  ['sha256 of 1,000,000', 'SHA-256 of 1,000,000 characters', undefined, ''],
  ['key of 1,000,000', 'buildKey of the same', 'sha256 of 1,000,000', '12-25 ms'],
  ['JSON and sha256 of 100', 'JSON and SHA-256 of 100 characters and five options', undefined, ''],
  ['key of 100', 'buildKey of the same', 'JSON and sha256 of 100', '3-7 µs'],
  ['get in memory', 'get, a hit in memory', undefined, '71-106 µs'],
  ['response in memory', 'getCachedResponse of the same', 'get in memory', ''],
  ['response in memory, no options', 'the same without options', 'get in memory', ''],
  ['key and get in memory', 'buildKey and get', undefined, ''],
  ['response in memory', 'getCachedResponse of the same', 'key and get in memory', ''],
  ['response in Redis', 'getCachedResponse, a hit in Redis', undefined, '620-1,320 µs'],
  ['store in Redis', 'cacheResponse', undefined, '710-1,150 µs'],
]

const redis = await startRedis()
const env = { ...process.env, REDIS_URL: redis.url }
const run = (name) =>
  Number(execFileSync(process.execPath, [CELL, name], { encoding: 'utf8', env }))

const load = loadavg()[0]
const figures = Object.fromEntries(ROWS.map(([name]) => [name, []]))
for (let round = 0; round < PROCESSES; round++) {
  for (const name of Object.keys(figures)) figures[name].push(run(name))
}

await redis.stop()

const quartile = (name, share) =>
  figures[name].toSorted((one, other) => one - other)[Math.round(share * (PROCESSES - 1))]
const microseconds = (value) =>
  (value / 1_000).toLocaleString('en', { maximumSignificantDigits: 3 })

console.log(
  `Node ${process.version}, ${cpus().length} cores, load ${load.toFixed(1)} at the start; ` +
    `medians and quartiles of ${PROCESSES} processes\n`,
)
console.log('| | µs | speed | the Python version |\n| -- | -- | -- | -- |')
for (const [name, what, floor, python] of ROWS) {
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quartile(name, share))
  const speed = floor === undefined ? '' : (quartile(floor, 0.5) / median).toFixed(2)
  const shown = `${microseconds(median)} (${microseconds(low)}-${microseconds(high)})`
  console.log(`| ${what} | ${shown} | ${speed} | ${python} |`)
}
