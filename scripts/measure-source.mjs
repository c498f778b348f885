// Prints the size of each package, and the files on the path of a call through cache-redis.
//
//   node scripts/measure-source.mjs [--setting name] [--call Class.method …]
//
// --setting lists the source lines that name a setting, in camelCase, snake_case or CONSTANT_CASE.
// --call lists what `CallGraph.reach` finds. Default: `GenericRedisCache.get` and `.set`.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { CallGraph } from './measure/call-graph.mjs'
import { countExports } from './measure/exports.mjs'
import { readSource } from './words/source-text.mjs'

const { values: options } = parseArgs({
  options: {
    setting: { type: 'string', multiple: true, default: ['compressionLevel'] },
    call: {
      type: 'string',
      multiple: true,
      default: ['GenericRedisCache.get', 'GenericRedisCache.set'],
    },
  },
})
const list = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n')
const files = list.filter((file) => existsSync(file))
const packages = [
  ...new Set(files.map((file) => /^(packages|apps|tooling)\/[^/]+/.exec(file)?.[0])),
]
  .filter((folder) => folder !== undefined)
  .toSorted()

printSizes()
for (const setting of options.setting) printSetting(setting)
const calls = graphOfRedis()
for (const call of options.call) printCall(call)

function printSizes() {
  const exported = countExports(packages)
  const columns = ['files', 'lines', 'lines/file', 'exports', 'comment words', 'elsewhere', 'tests']
  printRow('sources of', columns)
  const total = [0, 0, '', 0, 0, 0, 0]
  for (const folder of [...packages, 'scripts']) {
    const all = files
      .filter((file) => file.startsWith(`${folder}/`) && /\.(ts|mjs|js)$/.test(file))
      .map((file) => Object.assign(readSource(file, readFileSync(file, 'utf8')), { file }))
    const sources = all.filter(({ file }) => isSource(folder, file))
    const others = all.filter(({ file }) => !isSource(folder, file))
    const lines = sum(sources, ({ codeLines }) => codeLines)
    const row = [
      sources.length,
      lines,
      Math.round(lines / sources.length) || 0,
      exported.get(folder) ?? 0,
      sum(sources, commentWords),
      sum(others, commentWords),
      sum(all, ({ testNames }) => testNames.length),
    ]
    printRow(folder, row)
    for (const [index, cell] of row.entries()) if (index !== 2) total[index] += cell
  }
  printRow('total', total)
  console.log(
    'lines: neither blank nor only a comment. elsewhere: words of comments in tests and tools',
  )
  const pages = files.filter((file) => file.endsWith('.md') && !file.startsWith('.changeset/'))
  const words = sum(pages, (file) =>
    wordsIn(readFileSync(file, 'utf8').replace(/^```[^]*?^```/gm, '')),
  )
  console.log(`pages: ${pages.length} with ${words} words outside of code\n`)
}

function isSource(folder, file) {
  const isPrivate = folder.startsWith('tooling/') || folder === 'scripts'
  return isPrivate ? !file.includes('/test/') : file.startsWith(`${folder}/src/`)
}

function printSetting(setting) {
  const snake = setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const name = new RegExp(`\\b(${setting}|${snake})\\b|${snake.toUpperCase()}`)
  const places = files
    .filter((file) => /^packages\/[^/]+\/(src\/|docs\/|README)/.test(file))
    .map((file) => [
      file,
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => name.test(line)).length,
    ])
    .filter(([, count]) => count > 0)
  console.log(`${setting}: ${sum(places, ([, count]) => count)} lines in ${places.length} files`)
  for (const [file, count] of places) console.log(`  ${file}: ${count}`)
  console.log()
}

function printCall(call) {
  const [className, method] = call.split('.')
  const { files: reached, chain } = calls.reach(className, method, 'ioredis')
  console.log(
    `${call}: ${new Set(chain).size} modules on the shortest path to a command of ioredis`,
  )
  console.log(`  ${chain.join(' > ')}`)
  console.log(`  ${reached.length} files that its calls can reach:`)
  for (const file of reached) console.log(`  ${file}`)
  console.log()
}

/** Returns the calls within cache-redis. Imports of other packages lead to their sources. */
function graphOfRedis() {
  const paths = packages
    .filter((folder) => folder.startsWith('packages/'))
    .map((folder) => [`@verbatim/${path.basename(folder)}`, [path.resolve(folder, 'src/index.ts')]])
  return new CallGraph('packages/cache-redis/src', Object.fromEntries(paths))
}

function commentWords({ comments }) {
  return sum(comments, ({ text }) => wordsIn(text))
}

function wordsIn(text) {
  return text.match(/[\p{L}\d][\p{L}\d'’.-]*/gu)?.length ?? 0
}

function sum(items, amountOf) {
  return items.reduce((total, item) => total + amountOf(item), 0)
}

function printRow(title, cells) {
  console.log(title.padEnd(26) + cells.map((cell) => String(cell).padStart(14)).join(''))
}
