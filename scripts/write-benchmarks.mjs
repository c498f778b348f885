// Writes the tables of stored runs of cache-bench into pages.
//
//   node scripts/write-benchmarks.mjs [--check] [--folder docs/benchmarks] [page …]
//
// The pages are README.md and docs/benchmarks.md, unless others are named. A run is a file that
// `cache-bench … --out <folder>/<name>.json` has written. In a page, `<!-- run: <name> -->` starts the place of all
// tables, and `<!-- summary: <name> -->` the place of the most important figures. `<!-- end of run -->` ends a place.
// A place whose run is not stored must say that the run is not recorded yet. --check only reports pages that differ.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readRunFile } from '../packages/cache-bench/dist/cells/run-file.js'
import { formatRun } from '../packages/cache-bench/dist/report/run-tables.js'
import { formatSummary } from '../packages/cache-bench/dist/report/summary-table.js'

const { values: options, positionals } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    folder: { type: 'string', default: 'docs/benchmarks' },
  },
  allowPositionals: true,
})
const pages = positionals.length > 0 ? positionals : ['README.md', 'docs/benchmarks.md']

const PLACE = /(<!-- (run|summary): (\S+) -->\n)([^]*?)(<!-- end of run -->)/g
const MISSING = 'is not recorded yet'
const FORMATS = { run: formatRun, summary: formatSummary }

for (const page of pages) {
  const before = readFileSync(page, 'utf8')
  const after = await withRuns(before)
  if (!options.check) writeFileSync(page, after)
  else if (after !== before) {
    console.error(`${page} is not up to date; run: node scripts/write-benchmarks.mjs`)
    process.exitCode = 1
  }
}

/** @param {string} text of a page */
async function withRuns(text) {
  let result = ''
  let end = 0
  for (const {
    0: place,
    1: start,
    2: format,
    3: name,
    4: content,
    5: last,
    index,
  } of text.matchAll(PLACE)) {
    result += text.slice(end, index) + start + (await contentOf(format, name, content)) + last
    end = index + place.length
  }
  return result + text.slice(end)
}

/**
 * @param {string} format
 * @param {string} name of the run
 * @param {string} current text of the place
 */
async function contentOf(format, name, current) {
  const file = path.join(options.folder, `${name}.json`)
  if (existsSync(file)) return `\n${FORMATS[format](await readRunFile(file)).trimEnd()}\n\n`
  return current.includes(MISSING) ? current : `\nThe run \`${name}\` ${MISSING}.\n\n`
}
