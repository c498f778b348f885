// Rejects words and sentences that do not follow the style of this repository: private words in names,
// doc comments without a verb, archaic constructions, and words of history.
//
//   node scripts/check-words.mjs [--count] [--all] [path …]
//
// --count prints totals per package and rule. --all also prints findings of the rules that are only
// measured. A path limits the check to the files below it.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkPage, checkSource, MEASURES, RULES } from './words/rules.mjs'
import { readSource } from './words/source-text.mjs'

/** Changesets are read once, in a changelog. The vocabulary and its tests quote the rejected words. */
const EXCLUDED = /^\.changeset\/|^scripts\/(words|test)\/|\/samples\/|\/importers\//

const { values: options, positionals } = parseArgs({
  options: { count: { type: 'boolean' }, all: { type: 'boolean' } },
  allowPositionals: true,
})

const folders = positionals.map((folder) => path.resolve(folder))
// The rules need paths from the root of the repository.
process.chdir(git('rev-parse', '--show-toplevel').trim())
const reported = sourceFiles(folders).flatMap((file) =>
  check(file, readFileSync(file, 'utf8')).map((finding) => Object.assign(finding, { file })),
)
const failures = reported.filter(({ rule }) => RULES.includes(rule))
if (options.count) printCounts(reported)
else printFindings(options.all ? reported : failures)
console.log(`check-words: ${failures.length} findings`)
process.exitCode = failures.length === 0 ? 0 : 1

function sourceFiles(paths) {
  return git('ls-files', '--cached', '--others', '--exclude-standard', '--', ...paths)
    .split('\n')
    .filter((file) => /\.(ts|mts|mjs|js|md)$/.test(file) && !EXCLUDED.test(file))
    .filter((file) => existsSync(file))
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' })
}

function check(file, text) {
  return file.endsWith('.md') ? checkPage(file, text) : checkSource(file, readSource(file, text))
}

function printFindings(findings) {
  for (const { file, line, rule, found, use } of findings) {
    console.log(`${file}:${line}: ${rule}: ${found.replace(/\s+/g, ' ')} -> ${use}`)
  }
}

function printCounts(findings) {
  const rules = [...RULES, ...MEASURES]
  const counts = new Map()
  for (const { file, rule } of findings) {
    const [, owner = 'root'] = /^((?:packages|apps|tooling)\/[^/]+|docs|scripts)\//.exec(file) ?? []
    const count = counts.get(owner) ?? Object.fromEntries(rules.map((name) => [name, 0]))
    count[rule]++
    counts.set(owner, count)
  }
  const rows = [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const total = Object.fromEntries(
    rules.map((rule) => [rule, rows.reduce((sum, [, count]) => sum + count[rule], 0)]),
  )
  printRow('', rules)
  for (const [owner, count] of [...rows, ['total', total]]) {
    printRow(
      owner,
      rules.map((rule) => count[rule]),
    )
  }
  console.log(`Measured only: ${MEASURES.join(', ')}`)
}

function printRow(title, cells) {
  console.log(title.padEnd(26) + cells.map((cell) => String(cell).padStart(17)).join(''))
}
