// Compares this checkout with another one, such as that of an earlier commit. Both must be built.
//   node --import tsx bench/compare.mjs <other checkout> [--rounds 9]
// Every cell runs in processes of its own, in turn here and there, so that load
// on the machine affects both equally.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { askRedis, startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'

const MEASUREMENTS = ['hit in memory', 'get from Redis', 'set in Redis']
const CELL = path.join('packages', 'cache-redis', 'bench', 'cell.mjs')

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '9' } },
  allowPositionals: true,
})
const [other] = positionals
if (other === undefined || !existsSync(path.join(other, CELL))) {
  console.error('usage: compare.mjs <other checkout, built> [--rounds 9]')
  process.exit(2)
}
const cells = {
  here: fileURLToPath(new URL('cell.mjs', import.meta.url)),
  there: path.resolve(other, CELL),
}

await requireRedis()
const redis = await startRedis()
console.log('| | there, per second | here, per second | here / there, median (least to most) |')
console.log('| --- | --- | --- | --- |')
for (const measurement of MEASUREMENTS) {
  const figures = { here: [], there: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? ['here', 'there'] : ['there', 'here']
    for (const place of order) figures[place].push(await measure(cells[place], measurement))
  }
  const ratios = figures.here.map((figure, round) => figure / figures.there[round])
  const spread = `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
  const [there, here] = [figures.there, figures.here].map((all) =>
    Math.round(median(all)).toLocaleString('en-US'),
  )
  console.log(`| ${measurement} | ${there} | ${here} | ${spread} |`)
}
await redis.stop()

async function measure(cell, measurement) {
  await askRedis(redis.port, 'FLUSHALL')
  const args = [cell, measurement, 'ours', 'false', String(redis.port), String(redis.pid)]
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

function median(figures) {
  const sorted = figures.toSorted((one, another) => one - another)
  return sorted[Math.floor(sorted.length / 2)]
}
