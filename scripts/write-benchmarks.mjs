// Writes the tables of runs of cache-bench into a page.
//
//   node scripts/write-benchmarks.mjs docs/benchmarks.md docs/benchmarks [--check]
//
// A run is a file that `cache-bench peers --out <folder>/<name>.json` has written. Its tables replace the text
// between `<!-- run: <name> -->` and `<!-- end of run -->`. --check only reports whether the page is up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readRunFile } from '../packages/cache-bench/dist/cells/run-file.js'
import { formatRun } from '../packages/cache-bench/dist/report/run-tables.js'

const { values: options, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [page = '', folder = ''] = positionals

const before = readFileSync(page, 'utf8')
let after = before
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const run = await readRunFile(path.join(folder, file))
  after = withTables(after, path.basename(file, '.json'), formatRun(run))
}
if (!options.check) {
  writeFileSync(page, after)
} else if (after !== before) {
  console.error(`${path.basename(page)} is not up to date`)
  process.exitCode = 1
}

/**
 * @param {string} text
 * @param {string} name of the run
 * @param {string} tables
 */
function withTables(text, name, tables) {
  const start = `<!-- run: ${name} -->\n`
  const from = text.indexOf(start)
  const to = text.indexOf('<!-- end of run -->', from)
  if (from < 0 || to < 0) throw new Error(`the page has no place for the run ${name}`)
  return `${text.slice(0, from)}${start}\n${tables}\n${text.slice(to)}`
}
